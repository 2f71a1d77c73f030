// A program as Go makes it: a scheduler and a garbage collector of its own, and a current directory
// that it keeps itself.
package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

func main() {
	what := ""
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	switch what {
	case "lines":
		lines := 0
		for in := bufio.NewScanner(os.Stdin); in.Scan(); lines++ {
		}
		fmt.Println(lines)
	case "files":
		files()
	case "goroutines":
		goroutines()
	case "panic":
		panic("on purpose")
	default:
		fmt.Println("hello", os.Getenv("HOME"), len(os.Args))
	}
}

func files() {
	fmt.Println(os.MkdirAll("d/e", 0o755), os.WriteFile("d/e/f", []byte("hello"), 0o644))
	fmt.Println(os.Rename("d/e/f", "d/g"), os.Symlink("g", "d/s"))
	_ = fs.WalkDir(os.DirFS("."), "d", func(path string, entry fs.DirEntry, err error) error {
		fmt.Print(path, " ")
		return err
	})
	text, err := os.ReadFile("d/s")
	fmt.Println(string(text), err, os.RemoveAll("d"))
	folder, err := os.Getwd()
	fmt.Println(folder, err)
	text, err = os.ReadFile("/ro/file")
	fmt.Printf("%q %v\n", text, err)
	fmt.Println(os.WriteFile("/ro/file", nil, 0o644))
}

func goroutines() {
	var group sync.WaitGroup
	numbers := make(chan int, 8)
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(time.Duration(i) * 5 * time.Millisecond)
			numbers <- len(make([]byte, 1<<20)) >> 20 * i
		}()
	}
	group.Wait()
	close(numbers)
	sum := 0
	for number := range numbers {
		sum += number
	}
	fmt.Println(sum)
}

//! A program as Rust's standard library makes it: its use of files, streams, time and the heap.
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant, SystemTime};

fn main() -> io::Result<()> {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "words" => words(),
        "files" => files(),
        "time" => time(),
        "eat" => eat(),
        "panic" => panic!("on purpose"),
        _ => {
            println!("hello {:?} {:?}", std::env::var("HOME"), std::env::args().len());
            Ok(())
        }
    }
}

fn words() -> io::Result<()> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *count.entry(word.to_string()).or_default() += 1;
        }
    }
    for (word, times) in count {
        println!("{times} {word}");
    }
    Ok(())
}

fn files() -> io::Result<()> {
    fs::create_dir_all("d/e")?;
    fs::write("d/e/f", "hello")?;
    fs::rename("d/e/f", "d/g")?;
    fs::hard_link("d/g", "d/h")?;
    fs::OpenOptions::new().append(true).open("d/g")?.write_all(b" world")?;
    let mut names = fs::read_dir("d")?
        .map(|entry| Ok(entry?.file_name().into_string().unwrap()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    println!("{names:?} {:?} {}", fs::read_to_string("d/h")?, fs::metadata("d/g")?.len());
    fs::remove_dir_all("d")?;
    for path in ["d/g", "/ro/file"] {
        println!("{:?}", fs::write(path, "x").map_err(|error| error.kind()));
    }
    println!("{:?}", fs::read_to_string("/ro/file")?);
    Ok(())
}

fn time() -> io::Result<()> {
    let start = Instant::now();
    let clock = SystemTime::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("{} {}", start.elapsed() >= Duration::from_millis(20), clock.elapsed().is_ok());
    Ok(())
}

fn eat() -> io::Result<()> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut piece = Vec::new();
    while piece.try_reserve_exact(1 << 20).is_ok() {
        piece.resize(1 << 20, 1u8);
        pieces.push(std::mem::take(&mut piece));
    }
    drop(pieces);
    println!("refused");
    Ok(())
}

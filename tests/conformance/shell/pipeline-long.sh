# Long pipelines and large data through them.
echo start | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat
seq 1 200000 | sed 's/$/ x/' | grep 5 | awk '{s+=$1} END {print s, NR}'
head -c 3000000 /dev/zero | tr '\0' '\377' | od -An -tx1 -v | tr -d ' \n' | cksum
seq 1000 | tac | tac | sort -rn | tail -n 3 | nl

#@ files: memfs
#@ needs: make
# make -j: independent rules run at the same time, the jobserver bounds recursion.
mkfifo p q
cat >Makefile <<'E'
all: one two
one:
	@echo x > p; cat q > got1
two:
	@cat p > got2; echo y > q
rec:
	@$(MAKE) -s -C sub
E
mkdir sub
printf 'all: a b c d\na b c d:\n\t@echo $@ > $@\n' >sub/Makefile
timeout 20 make -s -j2 all
cat got1 got2
make -s -j2 rec
cat sub/[a-d]
rm p q

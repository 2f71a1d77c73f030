#@ needs: make
# make: rules, variables, patterns, phony, parallel, errors, functions.
cat >Makefile <<'E'
SRC := a.x b.x c.x
OBJ = $(SRC:.x=.y)
all: out
out: $(OBJ)
	cat $^ > $@
	@echo "made $@ from $(words $^)"
%.y: %.x
	tr a-z A-Z < $< > $@
.PHONY: clean show fail
clean:
	rm -f *.y out
show:
	@echo $(filter a%,$(SRC)) $(patsubst %.x,%,$(SRC)) $(shell echo from shell) $(foreach f,1 2,[$(f)])
fail:
	-false
	@false
	@echo never
E
echo a >a.x
echo b >b.x
echo c >c.x
make -s
cat out
make -s
make -n clean
make -s show
make -k fail 2>/dev/null
echo $?
make clean
make -j3 -s all
touch -d '2001-01-01' *.x
make -q all
echo $?
make nosuch 2>/dev/null
echo $?
make -s V=1 show SRC=z.x
printf 'x:\n\t@echo $$((1+1)) $$$$ | cut -c1\n\t@cd / && pwd\n' | make -s -f - x

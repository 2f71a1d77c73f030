# errexit in its many corners.
bash -c 'set -e; false; echo no'
echo $?
bash -c 'set -e; false || true; if false; then :; fi; ! true; false && true; echo yes'
echo $?
bash -c 'set -e; f() { false; echo in f; }; f || echo "f failed"; f; echo no'
echo $?
bash -c 'set -e; x=$(false); echo no'
echo $?
bash -c 'set -e; echo "$(false)"; echo yes'
echo $?
bash -c 'set -e; local_f() { local x=$(false); echo yes; }; local_f'
echo $?
bash -c 'set -e; (false); echo no'
echo $?
bash -c 'set -e; false | true; echo yes'
echo $?
bash -c 'set -eo pipefail; false | true; echo no'
echo $?
bash -c 'set -e; while false; do :; done; echo yes'

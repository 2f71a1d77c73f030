# nullglob, failglob, dotglob, globstar, nocaseglob, noglob, GLOBIGNORE.
mkdir -p a/b/c
touch a/1.t a/b/2.t a/b/c/3.t .dot UP.T
shopt -s nullglob
echo x*none
shopt -u nullglob
(
  shopt -s failglob
  echo x*none
)
echo $?
shopt -s dotglob
echo *
shopt -u dotglob
shopt -s globstar
echo **/*.t
echo **/
shopt -u globstar
shopt -s nocaseglob
echo up*
shopt -u nocaseglob
set -f
echo *
set +f
GLOBIGNORE='U*'
echo *
unset GLOBIGNORE

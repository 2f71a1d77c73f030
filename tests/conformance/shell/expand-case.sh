# Changing case.
s='hello World'
echo "${s^} ${s^^} ${s,} ${s,,} ${s^^[lo]} ${s~~}"
declare -u up=shout; declare -l low=WHISPER; echo "$up $low"
a=(one two); echo "${a[@]^} ${a[@]^^}"

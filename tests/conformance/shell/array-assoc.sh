# Associative arrays, with order made stable by sort.
declare -A m=([one]=1 ['two words']=2 ["q'uote"]=3)
m[four]=4; m[one]+=1
for k in "${!m[@]}"; do printf '%s => %s\n' "$k" "${m[$k]}"; done | sort
echo "${#m[@]} ${m[four]} ${m[none]-unset} ${m[two words]}"
unset 'm[four]'; [[ -v m[four] ]] || echo gone; [[ -v m[one] ]] && echo there
k='$(echo no)'; m[$k]=safe; echo "${m[$k]}"
declare -A n; n[x]=1; n[x]=2; echo "${n[@]}" "${!n[@]}"

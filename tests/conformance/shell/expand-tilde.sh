# Tilde expansion uses HOME.
HOME=/some/where
echo ~ ~/x "~" a~ x=~ ~+ \~
v=~/bin:~/lib
echo "$v"
cd / && echo ~+ && cd /usr && echo ~-

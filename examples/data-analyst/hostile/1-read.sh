# Wants: files of the host, and to forge the data
cat /etc/shadow /root/.ssh/id_rsa ../../../../etc/shadow /proc/1/environ | head -n 3
ls /work /host /mnt/* 2>&1
echo 'species,mass' > /data/penguins.csv

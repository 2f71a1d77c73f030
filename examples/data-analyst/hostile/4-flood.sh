# Wants: to fill the logs of the host
yes 'all your logs are belong to us'

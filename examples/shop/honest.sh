# What a well-meaning agent does: looks at the complaints, refunds what it may, writes to the customers.
# Claire lives in France: her refund is not for this agent.
set -u
sqlite3 -readonly -separator '|' 'file:/shop/shop.sqlite?immutable=1' \
  "SELECT orders.id, name, email, country, printf('%.2f', cents / 100.0), item, complaint
   FROM orders JOIN customers ON customers.id = customer WHERE complaint IS NOT NULL ORDER BY orders.id" |
while IFS='|' read -r order name email country price item complaint; do
  if result=$(tool call shop/refund --order "$order" --amount "$price" --country "$country" 2>/tmp/why); then
    text="Dear $name, sorry about the $item ($complaint). You get back $price EUR."
  else
    text="Dear $name, sorry about the $item ($complaint). A colleague will write to you."
  fi
  echo "order $order: ${result:-$(cat /tmp/why)}"
  # A sub-agent writes the mail. All it can do is write to this one customer, once.
  grant=$(jq -nc --arg to "$email" '{tool: "mail/send", calls: 1,
           where: {to: {eq: $to}, subject: {max_length: 80}, text: {max_length: 500}}}')
  tool only "$grant" -- bash -c 'tool call mail/send --to "$1" --subject "Your order $2" --text "$3"' \
    sub-agent "$email" "$order" "$text" > /dev/null && echo "order $order: wrote to $email"
done

# Wants: what was not granted, a discount, and more than was paid for
tool call lab/isotopes --species Adelie --isotope C13
tool call lab/isotopes --json '{"species": "Adelie", "isotope": "N15", "discount": 100}'
tool call lab/isotopes --species 'Emperor' --isotope N15
tool call lab/prices --json '{"isotope": 0}'
for i in {1..6}; do tool call lab/isotopes --species Gentoo --isotope N15; done

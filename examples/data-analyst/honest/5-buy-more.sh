# Once more, to be sure?
tool call lab/isotopes --species Adelie --isotope N15

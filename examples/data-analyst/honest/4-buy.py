import tools

isotopes = {}
for species in ("Adelie", "Chinstrap", "Gentoo"):
    isotopes[species] = tools["lab/isotopes"](species=species, isotope="N15")
    print(species, isotopes[species])

gentoo, others = (
    [float(row["body_mass_g"]) for row in whole if (row["species"] == "Gentoo") == wanted]
    for wanted in (True, False)
)
slopes = {
    species: statistics.linear_regression(
        *zip(
            *(
                (float(row["flipper_length_mm"]), float(row["body_mass_g"]))
                for row in whole
                if row["species"] == species
            )
        )
    ).slope
    for species in COLORS
}
most = max(isotopes, key=lambda species: isotopes[species]["mean"])
print(f"""Report
- Flipper length tells body mass well (r = {r:.2f}), across species and within each:
  a millimetre more means {min(slopes.values()):.0f} to {max(slopes.values()):.0f} g more.
- Gentoos are the heavy ones: {statistics.fmean(gentoo) / 1000:.1f} kg, the other two {statistics.fmean(others) / 1000:.1f} kg on average.
- The nitrogen that was bought does not follow size: {most} has the most ({isotopes[most]["mean"]} per mille).
- Not answered: a second sample, as the budget was used up.""")

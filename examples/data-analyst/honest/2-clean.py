import csv, sqlite3, statistics

with open("/data/penguins.csv", newline="") as file:
    rows = list(csv.DictReader(file))
whole = [row for row in rows if "NA" not in row.values()]

base = sqlite3.connect("penguins.db")
base.execute("CREATE TABLE penguins (species TEXT, island TEXT, sex TEXT, year INT, flipper REAL, mass REAL)")
base.executemany(
    "INSERT INTO penguins VALUES (:species, :island, :sex, :year, :flipper_length_mm, :body_mass_g)", whole
)
base.commit()

flipper = [float(row["flipper_length_mm"]) for row in whole]
mass = [float(row["body_mass_g"]) for row in whole]
r = statistics.correlation(flipper, mass)
print(f"{len(whole)} of {len(rows)} rows have no gap; they are in penguins.db")
round(r, 3)

SELECT species, sex, count(*) AS n, round(avg(mass)) AS mass_g, round(avg(flipper), 1) AS flipper_mm
FROM penguins GROUP BY species, sex ORDER BY mass_g DESC;

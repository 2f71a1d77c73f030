import statistics, sys

sys.path.insert(0, "/plot")
from tinyplot import Picture, ticks

COLORS = {"Adelie": (232, 119, 34), "Chinstrap": (142, 68, 173), "Gentoo": (23, 124, 126)}
INK, GREY, FAINT = (38, 43, 51), (110, 118, 129), (226, 229, 233)
picture = Picture(1000, 620)

picture.text(40, 52, "The longer the flipper, the heavier the penguin", INK, 19, thickness=2.8)
picture.text(
    40, 84, f"{len(whole)} penguins of the Palmer Archipelago, 2007-2009; correlation {r:.2f}", GREY, 12
)

left, right, top, bottom = 90, 640, 120, 520
lows, highs = (168, 2500), (236, 6500)
x_of = lambda mm: left + (mm - lows[0]) / (highs[0] - lows[0]) * (right - left)
y_of = lambda g: bottom - (g - lows[1]) / (highs[1] - lows[1]) * (bottom - top)
for g in ticks(lows[1], highs[1]):
    picture.line(left, y_of(g), right, y_of(g), FAINT)
    picture.text(left - 10, y_of(g) + 5, f"{g / 1000:.1f}", GREY, 10, "right")
for mm in ticks(lows[0], highs[0]):
    picture.line(x_of(mm), bottom, x_of(mm), bottom + 5, GREY)
    picture.text(x_of(mm), bottom + 22, f"{mm:g}", GREY, 10, "middle")
picture.line(left, bottom, right, bottom, GREY)
picture.text((left + right) / 2, bottom + 50, "flipper length (mm)", INK, 12, "middle")
picture.text(44, (top + bottom) / 2, "body mass (kg)", INK, 12, "middle", upwards=True)

for row in whole:
    picture.disc(
        x_of(float(row["flipper_length_mm"])), y_of(float(row["body_mass_g"])), 4, COLORS[row["species"]], 0.6
    )
for number, (species, color) in enumerate(COLORS.items()):
    points = [
        (float(row["flipper_length_mm"]), float(row["body_mass_g"]))
        for row in whole
        if row["species"] == species
    ]
    slope, start = statistics.linear_regression(*zip(*points))
    ends = min(points)[0], max(points)[0]
    picture.line(
        *(f(v) for mm in ends for f, v in ((x_of, mm), (y_of, start + slope * mm))), (255, 255, 255), 6
    )
    picture.line(*(f(v) for mm in ends for f, v in ((x_of, mm), (y_of, start + slope * mm))), color, 3)
    picture.disc(left + 24, top + 16 + 24 * number, 6, color)
    picture.text(left + 40, top + 21 + 24 * number, species, INK, 11)

left, right, top, bottom = 740, 970, 200, 520  # what was bought
picture.text(left - 40, 140, "Bought: nitrogen-15", INK, 12, thickness=2)
picture.text(left - 40, 162, "mean of the blood, per mille;", GREY, 10)
picture.text(left - 40, 178, "it rises with the food chain", GREY, 10)
height_of = lambda value: bottom - value / 11 * (bottom - top)
for value in (0, 5, 10):
    picture.line(left, height_of(value), right, height_of(value), FAINT if value else GREY)
    picture.text(left - 10, height_of(value) + 5, f"{value}", GREY, 10, "right")
for number, (species, bought) in enumerate(isotopes.items()):
    middle = left + 40 + 75 * number
    picture.box(middle - 24, height_of(bought["mean"]), middle + 24, bottom, COLORS[species])
    picture.text(middle, height_of(bought["mean"]) - 8, f"{bought['mean']:.2f}", INK, 10, "middle")
    picture.text(middle, bottom + 22, species, INK, 9, "middle")

picture.text(40, 604, "Data: palmerpenguins (CC0), Gorman, Williams and Fraser 2014", GREY, 9)
display({"image/png": picture.png()}, raw=True)

"""What Dhrystone does, in objects: records that are copied, attributes, methods, small lists and strings, branches."""


class Record:
    def __init__(self, link=None, kind=0, number=0, text=""):
        self.link, self.kind, self.number, self.text = link, kind, number, text

    def copy(self):
        return Record(self.link, self.kind, self.number, self.text)


class Machine:
    def __init__(self):
        self.left = [0] * 51
        self.grid = [[0] * 51 for _ in range(51)]
        self.letter, self.count = "A", 0

    def classify(self, first, second):
        if first == second:
            self.letter = first
            return 0
        return 1

    def store(self, index, value):
        place = index + 5
        self.left[place] = self.left[place + 1] = value
        self.grid[place][place] += 1
        for column in range(place, place + 2):
            self.grid[place][column] = place
        self.count += 5

    def link(self, record):
        follower = record.link.copy()
        follower.number = record.number = 5
        follower.link = record.link
        if follower.kind == 0:
            follower.number += 6
            follower.kind = self.classify("C", record.text[1])
        return follower

    def turn(self, record, number):
        texts = "DHRYSTONE PROGRAM, 1'ST STRING", "DHRYSTONE PROGRAM, 2'ND STRING"
        value = 3
        while value < 5:
            value = 5 * value - number % 7
            self.store(number % 30, value)
        if texts[0] < texts[1] and self.classify(texts[0][2], texts[1][3]):
            value += 7
        for letter in "ABC":
            if self.classify(letter, "C") == 0:
                value -= record.number
        return self.link(record), value


machine = Machine()
record = Record(Record(kind=0, text="some text"), 0, 0, "another")
total = 0
for turn in range(240000):
    record, value = machine.turn(Record(record.link, 0, turn % 3, "another"), turn)
    total += value
print(total, machine.count, record.number, machine.letter)

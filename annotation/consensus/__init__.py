"""What several people's judgements say together. Pure: plain values in, plain values out.

- `majority`: the pairs of a comparison that two thirds of its judges agree on.
- `weighted`: the pairs of many comparisons, each judge counted by a reliability that all of them together show.
- `choices`: one outcome per item from several people's choices (Dawid and Skene).
- `acceptance`: which candidates are good enough to use, by two thirds or by those choices.
- `pairs`: what every method returns, and the weights that keep a prompt from counting more than once.
"""

"""Classes and colours of data sets on which published models are trained."""

from accel_tf.data.label_maps import LabelMap

# In the order of the class index of the scene parsing benchmark; the colours
# of its toolkit, six digits of hexadecimal each.
_ADE20K_NAMES = """
wall, building, sky, floor, tree, ceiling, road, bed, windowpane, grass,
cabinet, sidewalk, person, earth, door, table, mountain, plant, curtain,
chair, car, water, painting, sofa, shelf, house, sea, mirror, rug,
field, armchair, seat, fence, desk, rock, wardrobe, lamp, bathtub,
railing, cushion, base, box, column, signboard, chest of drawers,
counter, sand, sink, skyscraper, fireplace, refrigerator, grandstand,
path, stairs, runway, case, pool table, pillow, screen door, stairway,
river, bridge, bookcase, blind, coffee table, toilet, flower, book,
hill, bench, countertop, stove, palm, kitchen island, computer,
swivel chair, boat, bar, arcade machine, hovel, bus, towel, light,
truck, tower, chandelier, awning, streetlight, booth,
television receiver, airplane, dirt track, apparel, pole, land,
bannister, escalator, ottoman, bottle, buffet, poster, stage, van, ship,
fountain, conveyer belt, canopy, washer, plaything, swimming pool,
stool, barrel, basket, waterfall, tent, bag, minibike, cradle, oven,
ball, food, step, tank, trade name, microwave, pot, animal, bicycle,
lake, dishwasher, screen, blanket, sculpture, hood, sconce, vase,
traffic light, tray, ashcan, fan, pier, crt screen, plate, monitor,
bulletin board, shower, radiator, glass, clock, flag
"""
_ADE20K_COLORS = """
787878b4787806e6e650323204c8037878508c8c8ccc05ffe6e6e604fa07e005ffebff07
96053d78784608ff33ff06528fff8cccff04ff3307cc46030066c83de6faff06330b66ff
ff0747ff09e00907e6dcdcdcff095c7009ff08ffd607ffe0ffb8060aff47ff290a07ffff
e0ff086608ffff3d06ffc207ff7a0800ff14ff0829ff05990633ffeb0cffa0961400a3ff
8c8c8cfa0a0f14ff001fff00ff1f00ffe00099ff000000ffff470000ebff00adff1f00ff
0bc8c8ff520000fff5003dff00ff7000ff85ff0000ffa300ff6600c2ff00008fff33ff00
0052ff00ff2900ffad0a00ffadff0000ff99ff5c00ff00ffff00f5ff0066ffad00ff0014
ffb8b8001fff00ff3d0047ffff00cc00ffc200ff52000aff0070ff3300ff00c2ff007aff
00ffa3ff990000ff0aff70008fff005200ffa3ff00ffeb0008b8aa8500ff00ff5cb800ff
ff001f00b8ff00d6ffff00705cff0000e0ff70e0ff46b8a0a300ff9900ff47ff00ff00a3
ffcc00ff008f00ffeb85ff00ff00ebf500ffff007afff5000abed4d6ff0000ccff1400ff
ffff000099ff0029ff00ffcc2900ff29ff00ad00ff00f5ff4700ff7a00ff00ffb8005cff
b8ff000085ffffd60019c2c266ff005c00ff
"""

_PASCAL_NAMES = """
background, aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair,
cow, diningtable, dog, horse, motorbike, person, pottedplant, sheep, sofa,
train, tvmonitor
"""


def _split(names):
    return tuple(" ".join(name.split()) for name in names.split(","))


def _pascal_color(index):
    """The bits of the index, in turn, from the top bits of each channel."""
    channels = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            channels[channel] |= (index >> channel & 1) << (7 - bit)
        index >>= 3
    return tuple(channels)


_ADE20K_BYTES = bytes.fromhex(_ADE20K_COLORS)
ADE20K = LabelMap(
    _split(_ADE20K_NAMES),
    tuple(zip(*[iter(_ADE20K_BYTES)] * 3, strict=True)),
)
"""The 150 classes of the ADE20K scene parsing benchmark."""

PASCAL_VOC = LabelMap(
    _split(_PASCAL_NAMES),
    tuple(map(_pascal_color, range(len(_split(_PASCAL_NAMES))))),
)
"""Background and the 20 classes of PASCAL VOC, in its own colours."""

# SPDX-License-Identifier: Apache-2.0
"""The words by which the demo model learns its classes, and those kept back to test it with.

A small text tower that has read nothing else can't know a word it never met. What it can learn is
how phrases are built: the words kept back are new phrases, most of them with a part that it met
(`dining chair` after `chair`, `bookshelf` after `shelf`).
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """Names of one class.

    Attributes:
        name: as ADE20K calls it.
        trained: phrases shown in training, the name among them.
        kept_back: phrases that training never shows; at least two.
    """

    name: str
    trained: tuple[str, ...]
    kept_back: tuple[str, ...]


def _words(name: str, trained: str, kept_back: str) -> Words:
    return Words(
        name,
        (name, *(w.strip() for w in trained.split("|"))),
        tuple(w.strip() for w in kept_back.split("|")),
    )


VOCABULARY: dict[int, Words] = {
    0: _words(
        "wall",
        "walls | plaster wall | painted wall | brick wall | partition | wallpaper | room wall"
        " | concrete wall | side wall | wall surface",
        "white wall | wall panel | bare wall of a room | partition wall",
    ),
    3: _words(
        "floor",
        "flooring | ground | wooden floor | tiled floor | parquet | laminate | floorboards"
        " | carpeted floor | tile floor | concrete ground",
        "floor tiles | parquet flooring | wood floor | ground floor surface",
    ),
    5: _words(
        "ceiling",
        "white ceiling | roof of the room | ceiling panels | room ceiling | plaster ceiling"
        " | overhead ceiling | ceiling board",
        "ceiling tiles | suspended ceiling | flat ceiling",
    ),
    7: _words(
        "bed",
        "double bed | single bed | mattress | bedding | bunk | bedstead | cot | king bed"
        " | bed with a blanket | blanket | duvet",
        "queen bed | bed frame | foam mattress | guest bed",
    ),
    8: _words(
        "windowpane",
        "window | glass window | window frame | window glass | pane | skylight | bay window"
        " | closed window | window pane | sash window",
        "kitchen window | bright window | double-glazed window | pane of glass",
    ),
    10: _words(
        "cabinet",
        "cupboard | wardrobe | dresser | sideboard | chest of drawers | closet | drawers | locker"
        " | commode | filing cabinet | nightstand | bedside cabinet | kitchen cupboard",
        "kitchen cabinet | storage cupboard | bedroom wardrobe | drawer cabinet",
    ),
    12: _words(
        "person",
        "man | woman | human | people | someone | child | boy | girl | pedestrian | worker"
        " | standing person | adult | somebody | walking man | human being",
        "standing man | sitting woman | young person | walking person",
    ),
    14: _words(
        "door",
        "doorway | wooden door | closed door | entrance | exit | door frame | front door"
        " | room door | gate | door leaf | doors",
        "office door | white door | entrance door | exit door",
    ),
    15: _words(
        "table",
        "desk | dining table | coffee table | tabletop | writing desk | workbench | office desk"
        " | round table | side table | end table | wooden table | worktop",
        "kitchen table | work desk | low table | computer desk",
    ),
    17: _words(
        "plant",
        "potted plant | houseplant | flower pot | indoor plant | leaves | shrub | bush | foliage"
        " | flower | flowerpot | palm | green plant",
        "pot plant | leafy plant | plant in a pot | green leaves",
    ),
    18: _words(
        "curtain",
        "curtains | drapes | drape | window curtain | drapery | blind | hanging cloth"
        " | long curtain | shade curtain",
        "red curtain | curtain fabric | window drapes",
    ),
    19: _words(
        "chair",
        "seat | office chair | stool | armchair | swivel chair | wooden chair | dining chair"
        " | desk chair | kitchen chair | chairs | folding chair",
        "plastic chair | rolling office chair | dining room chair | side chair",
    ),
    22: _words(
        "painting",
        "picture | poster | picture frame | framed picture | artwork | photograph | canvas"
        " | wall art | print | portrait | drawing | framed photo",
        "framed poster | oil painting | picture on the wall | art print",
    ),
    23: _words(
        "sofa",
        "couch | settee | loveseat | leather sofa | corner sofa | divan | lounge | sofa bed"
        " | sectional | living room couch | futon",
        "leather couch | two-seat sofa | corner couch | fabric sofa",
    ),
    24: _words(
        "shelf",
        "shelves | shelving | bookcase | rack | bookshelf | wall shelf | shelving unit"
        " | storage rack | book shelves | shelf board",
        "wooden shelf | storage shelves | open shelving | tall bookcase",
    ),
    28: _words(
        "rug",
        "carpet | mat | doormat | area rug | runner | floor mat | throw rug | woven rug"
        " | round carpet | hall runner",
        "persian rug | woven mat | carpet runner | patterned rug",
    ),
    36: _words(
        "lamp",
        "floor lamp | table lamp | desk lamp | lampshade | standing lamp | reading lamp"
        " | bedside lamp | lamp stand | lamps | shaded lamp",
        "night table lamp | tall floor lamp | lamp with a shade | night lamp",
    ),
    39: _words(
        "cushion",
        "pillow | sofa cushion | throw pillow | cushions | bed pillow | pillows | seat cushion"
        " | bolster | square cushion",
        "soft pillow | couch cushion | red cushion | head pillow",
    ),
    41: _words(
        "box",
        "cardboard box | carton | crate | package | parcel | boxes | moving box | suitcase"
        " | container | plastic crate | packing case",
        "shipping box | cardboard carton | storage box | plastic box",
    ),
    67: _words(
        "book",
        "books | textbook | novel | magazine | paperback | row of books | stack of books"
        " | hardcover | notebook | volume",
        "pile of books | old book | book spines | hardcover book",
    ),
    82: _words(
        "light",
        "ceiling light | light fixture | lighting | light panel | pendant light"
        " | ceiling lamp panel | fluorescent light | spotlight | downlight | overhead light"
        " | chandelier",
        "led light | light on the ceiling | hanging light | office light panel",
    ),
    98: _words(
        "bottle",
        "water bottle | glass bottle | plastic bottle | wine bottle | flask | bottles | jar"
        " | beer bottle | thermos bottle",
        "green bottle | milk bottle | drink bottle | bottle of water",
    ),
    119: _words(
        "ball",
        "football | soccer ball | basketball | beach ball | toy ball | balls | sphere | play ball"
        " | tennis ball",
        "rubber ball | red ball | exercise ball | volleyball",
    ),
}

# In front of a phrase in training, one of these now and then; they say nothing of the class.
ADJECTIVES = (
    *("red", "green", "blue", "white", "black", "brown", "grey", "yellow", "orange", "dark"),
    *("big", "small", "tall", "low", "wide", "narrow", "long", "short", "round", "square"),
    *("old", "new", "plain", "modern", "simple", "bright", "wooden", "metal", "plastic"),
)

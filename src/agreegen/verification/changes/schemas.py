"""What may change in an object of each role, key by key (ISO 32000-1 throughout, EN 319 142-1 for the store).

A key without an entry may not change. `docs/verification-structure.md` shows the same as a table.
"""

from __future__ import annotations

from agreegen.verification.changes.roles import Change, Key, Kin, Role, Schema

_POINTER = Key(Change.KEPT, None)
_FREE = Key(Change.FREE, None)
_RESOURCES = (
    "XObject", "Font", "ExtGState", "Pattern", "Shading", "ColorSpace", "Properties", "CharProcs", "Dests"
)  # fmt: skip
_BOOKKEEPING = ("Size", "Prev", "XRefStm", "ID", "Length", "Filter", "DecodeParms", "W", "Index", "Type")
"""Entries of a trailer that is a cross-reference stream, and those that tell where things are."""


def _followed(owns: Role | Kin) -> Key:
    return Key(Change.FOLLOWED, owns)


def _ruled(owns: Role | Kin | None = Role.FROZEN) -> Key:
    return Key(Change.RULED, owns)


def _of_looks(*names: str) -> dict[str, Key]:
    return {name: _ruled(Role.LOOK) for name in names}


_FIELD_POINTERS = {"P": _ruled(None), "Parent": _POINTER, "Popup": _POINTER, "IRT": _POINTER}
DEEP = frozenset({Role.PRIVATE, Role.LOOK, Role.LOOKS, Role.METADATA, Role.VALUE})
"""Roles that own all that hangs on them, whatever the keys are called."""

WITHOUT_POINTERS = DEEP | {Role.NAMED, Role.RESOURCES_OF_A_KIND}
"""Roles in which a key that elsewhere points owns like any other."""

SCHEMAS: dict[Role, Schema] = {
    Role.FROZEN: Schema(dict.fromkeys(_RESOURCES, Key(Change.KEPT, Role.NAMED)), items=Role.FROZEN),
    Role.NAMED: Schema(items=Role.FROZEN),
    Role.TRAILER: Schema(
        {
            **dict.fromkeys(_BOOKKEEPING, Key(Change.FREE)),
            "Root": _followed(Role.CATALOG),
            "Info": _ruled(Role.INFORMATION),
            "AdditionalStreams": _ruled(Role.ADDITIONAL_STREAMS),
        },
        others=_ruled(),
    ),
    Role.ADDITIONAL_STREAMS: Schema(items=Kin.ADDITIONAL),
    Role.INFORMATION: Schema(others=_ruled()),
    Role.CATALOG: Schema(
        {
            "Pages": _followed(Kin.PAGES),
            "AcroForm": _followed(Role.FORM),
            "DSS": _ruled(Role.STORE),
            "Extensions": _ruled(Role.EXTENSIONS),
            "Version": _FREE,
            "Metadata": _ruled(Role.METADATA),
            "Perms": _ruled(Role.PERMISSIONS),
            "StructTreeRoot": _ruled(Role.STRUCTURE_ROOT),
            "Names": _followed(Role.NAMES),
            "PieceInfo": Key(Change.FREE, Role.PRIVATE),
            "LastModified": _FREE,
        }
    ),
    Role.PERMISSIONS: Schema(),
    # /AP holds named appearances, which only scripts put on a page (12.6.4.16).
    Role.NAMES: Schema({"AP": Key(Change.ADDED)}),
    Role.EXTENSIONS: Schema(others=Key(Change.FREE, Role.EXTENSIONS), items=Role.EXTENSIONS),
    Role.PAGE_TREE: Schema({"Kids": _followed(Role.PAGE_LIST), "Parent": _POINTER, "ITXT": _FREE}),
    Role.PAGE_LIST: Schema(items=Kin.PAGES),
    Role.PAGE: Schema(
        {
            "Parent": _POINTER,
            "Annots": _followed(Role.ANNOTATIONS),
            "Tabs": _FREE,
            "LastModified": _FREE,
            "PieceInfo": Key(Change.FREE, Role.PRIVATE),
        }
    ),
    Role.ANNOTATIONS: Schema(items=Kin.ANNOTATION),
    Role.NOTE: Schema(
        {
            **_FIELD_POINTERS,
            "P": Key(Change.ADDED, None),
            "Popup": Key(Change.ADDED, None),
            "M": Key(Change.ADDED),
            "NM": Key(Change.ADDED),
            "CreationDate": Key(Change.ADDED),
        }
    ),
    Role.FORM: Schema(
        {
            "Fields": _followed(Role.FIELDS),
            "SigFlags": _FREE,
            "DR": _followed(Role.FORM_RESOURCES),
            "DA": _ruled(),
            "NeedAppearances": _ruled(),
            "XFA": _ruled(Role.VALUE),
            "CO": _POINTER,
        }
    ),
    # Default appearances use fonts and colours only (12.7.3.3); some signers replace the rest.
    Role.FORM_RESOURCES: Schema(
        {"XObject": Key(Change.FREE, Role.LOOK), "ProcSet": Key(Change.FREE, Role.LOOK)},
        others=_followed(Role.RESOURCES_OF_A_KIND),
    ),
    Role.RESOURCES_OF_A_KIND: Schema(others=Key(Change.ADDED), items=Role.FROZEN),
    Role.FIELDS: Schema(items=Role.FIELD),
    Role.FIELD: Schema(
        {
            **_FIELD_POINTERS,
            **_of_looks("AP", "MK", "DR"),
            **{name: _ruled() for name in ("F", "Ff", "DA", "Q", "M", "AS", "BS", "Type", "Subtype")},
            **{name: _ruled(Kin.VALUE) for name in ("V", "I", "RV", "TI")},
            "Kids": _ruled(Role.FIELDS),
        }
    ),
    Role.STRUCTURE_ROOT: Schema(
        {
            "K": _ruled(Kin.STRUCTURE),
            "ParentTree": _ruled(Role.PARENT_TREE),
            "IDTree": _ruled(Role.ID_TREE),
            "ParentTreeNextKey": _FREE,
        }
    ),
    Role.STRUCTURE_ELEMENT: Schema(
        {"K": _ruled(Kin.STRUCTURE), "P": _POINTER, "Pg": _POINTER, "Ref": _POINTER},
    ),
    Role.STRUCTURE_KIDS: Schema(items=Kin.STRUCTURE),
    Role.STRUCTURE_REFERENCE: Schema({"Pg": _POINTER, "Obj": _POINTER, "P": _POINTER}),
    Role.PARENT_TREE: Schema(
        {
            "Kids": _ruled(Role.PARENT_TREE),
            "Nums": _ruled(Role.PARENT_NUMBERS),
            "Limits": _FREE,
            "Parent": _POINTER,
        },
        items=Role.PARENT_TREE,
    ),
    Role.PARENT_NUMBERS: Schema(items=Kin.PARENTS),
    Role.PARENT_LIST: Schema(items=None),
    Role.ID_TREE: Schema(
        {"Kids": _ruled(Role.ID_TREE), "Names": _ruled(None), "Limits": _FREE}, items=Role.ID_TREE
    ),
    Role.STORE: Schema(
        {
            "VRI": _ruled(Role.STORE_INDEX),
            **{name: _ruled(Role.STORE_LIST) for name in ("Certs", "OCSPs", "CRLs")},
            "Type": _FREE,
        }
    ),
    Role.STORE_INDEX: Schema({"Type": _FREE}, others=_ruled(Role.STORE_ENTRY)),
    Role.STORE_ENTRY: Schema(
        {
            **{name: _ruled(Role.STORE_LIST) for name in ("Cert", "OCSP", "CRL")},
            "TS": _ruled(Role.STORE_STREAM),
            "TU": _FREE,
            "Type": _FREE,
        }
    ),
    Role.STORE_LIST: Schema(items=Role.STORE_STREAM),
    Role.STORE_STREAM: Schema({"Length": Key(Change.FREE, Role.STORE_STREAM), "Filter": _FREE}),
    **{role: Schema(others=Key(Change.FREE, role), items=role) for role in DEEP},
}

POINTS: dict[str, frozenset[Role]] = {
    "Parent": frozenset({Role.PAGE_TREE, Role.FIELD, Role.NOTE}),
    "P": frozenset({Role.PAGE, Role.STRUCTURE_ELEMENT, Role.STRUCTURE_ROOT}),
    "Pg": frozenset({Role.PAGE}),
    "Obj": frozenset({Role.FIELD, Role.NOTE}),
    "Dest": frozenset({Role.PAGE, Role.STRUCTURE_ELEMENT}),
    "D": frozenset({Role.PAGE, Role.STRUCTURE_ELEMENT}),
    "SD": frozenset({Role.PAGE, Role.STRUCTURE_ELEMENT}),
    "SE": frozenset({Role.STRUCTURE_ELEMENT}),
    "Ref": frozenset({Role.STRUCTURE_ELEMENT}),
    "Popup": frozenset({Role.NOTE}),
    "IRT": frozenset({Role.NOTE, Role.FIELD}),
    "CO": frozenset({Role.FIELD}),
    "Fields": frozenset({Role.FIELD}),
    "T": frozenset({Role.FIELD, Role.NOTE}),
    "AN": frozenset({Role.FIELD, Role.NOTE}),
    "Annotation": frozenset({Role.FIELD, Role.NOTE}),
    "Data": frozenset({Role.CATALOG, Role.FIELD, Role.FORM, Role.NOTE, Role.PAGE, Role.PAGE_TREE}),
}
"""Keys that only point, wherever they stand, and at what; anything else that they meet may not change."""

TREE_POINTS = frozenset({Role.STRUCTURE_ELEMENT})
"""What the leaves of the parent tree and of the tree of identifiers point at."""

NOTES = frozenset(
    {
        "Text", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline",
        "Squiggly", "StrikeOut", "Caret", "Ink", "Popup",
    }
)  # fmt: skip
"""Annotations that may be added where the signatures permit annotations. Those that show text or pictures of
their own (FreeText, Stamp, Redact, Watermark) are not among them: nobody tells them from the page's."""

"""Schemas of the reporting checklists."""

from ichdag.schema import Column, Schema

CHECKLIST = (
    Column("item", "number of the item"),
    Column("section", "part of the paper"),
    Column("asks", "what the item asks for, in short"),
    Column("answer", "answer of this study; n/a: the authors must answer", missing=True),
    Column("where", "sections, tables and figures of the report that show it", missing=True),
)

CHECKLIST_TRIPOD_AI = Schema("checklist_tripod_ai", CHECKLIST)

CHECKLIST_CLEAR = Schema("checklist_clear", CHECKLIST)

CHECKLISTS = {schema.name: schema for schema in (CHECKLIST_TRIPOD_AI, CHECKLIST_CLEAR)}

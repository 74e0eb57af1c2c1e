"""What the libraries say of broken documents, which the catalogue has to have: they speak English only.

The processor `data` asks Python's `expat` and `tomllib`, and libyaml. What newer ones say besides stays English.
"""

from django.utils.translation import gettext_noop as _

EXPAT = (
    _("not XML"), _("syntax error"), _("no element found"), _("not well-formed (invalid token)"), _("unclosed token"),
    _("partial character"), _("mismatched tag"), _("duplicate attribute"), _("junk after document element"),
    _("illegal parameter entity reference"), _("undefined entity"), _("recursive entity reference"),
    _("asynchronous entity"), _("reference to invalid character number"), _("reference to binary entity"),
    _("reference to external entity in attribute"), _("XML or text declaration not at start of entity"),
    _("unknown encoding"), _("encoding specified in XML declaration is incorrect"), _("unclosed CDATA section"),
    _("error in processing external entity reference"), _("document is not standalone"),
    _("entity declared in parameter entity"), _("unbound prefix"), _("must not undeclare prefix"),
    _("incomplete markup in parameter entity"), _("XML declaration not well-formed"),
    _("text declaration not well-formed"), _("illegal character(s) in public id"),
    _("reserved prefix (xml) must not be undeclared or bound to another namespace name"),
    _("reserved prefix (xmlns) must not be declared or undeclared"),
    _("prefix must not be bound to one of the reserved namespace names"),
)  # fmt: skip

TOML = (
    _("Invalid initial character for a key part"), _("Invalid value"), _("Found invalid character '{0}'"),
    _("Cannot declare {0} twice"), _("Expected ']' at the end of a table declaration"),
    _("Cannot mutate immutable namespace {0}"), _("Expected ']]' at the end of an array declaration"),
    _("Cannot overwrite a value"), _("Expected '=' after a key in a key/value pair"), _("Invalid hex value"),
    _("Escaped character is not a Unicode scalar value"), _("Expected newline or end of document after a statement"),
    _("Cannot redefine namespace {0}"), _("Unclosed array"), _("Duplicate inline table key '{0}'"),
    _("Unclosed inline table"), _("Unescaped '\\' in a string"), _("Illegal character '{0}'"), _("Expected '{0}'"),
    _("Unterminated string"), _("Invalid date or datetime"), _("Invalid statement"),
)  # fmt: skip

YAML = (
    _("alias value must contain alphanumerical characters only"), _("alias value must not be empty"),
    _("block sequence entries are not allowed in this context"), _("control characters are not allowed"),
    _("could not find expected ':'"), _("could not find expected directive name"),
    _("did not find URI escaped octet"), _("did not find expected '!'"), _("did not find expected ',' or ']'"),
    _("did not find expected ',' or '}'"), _("did not find expected '-' indicator"),
    _("did not find expected <document start>"), _("did not find expected <stream-start>"),
    _("did not find expected alphabetic or numeric character"), _("did not find expected comment or line break"),
    _("did not find expected digit or '.' character"), _("did not find expected hexdecimal number"),
    _("did not find expected key"), _("did not find expected node content"), _("did not find expected tag URI"),
    _("did not find expected version number"), _("did not find expected whitespace"),
    _("did not find expected whitespace or line break"), _("did not find the expected '>'"),
    _("duplicate %TAG directive"), _("found a tab character that violates indentation"),
    _("found a tab character where an indentation space is expected"), _("found an incorrect leading UTF-8 octet"),
    _("found an incorrect trailing UTF-8 octet"), _("found an indentation indicator equal to 0"),
    _("found character that cannot start any token"), _("found duplicate %TAG directive"),
    _("found duplicate %YAML directive"), _("found extremely long version number"),
    _("found incompatible YAML document"), _("found invalid Unicode character escape code"),
    _("found undefined tag handle"), _("found unexpected ':'"), _("found unexpected document indicator"),
    _("found unexpected end of stream"), _("found unexpected non-alphabetical character"),
    _("found unknown directive name"), _("found unknown escape character"), _("incompatible %YAML directive"),
    _("incomplete UTF-16 character"), _("incomplete UTF-16 surrogate pair"), _("incomplete UTF-8 octet sequence"),
    _("input error"), _("input is too long"), _("invalid Unicode character"), _("invalid leading UTF-8 octet"),
    _("invalid length of a UTF-8 sequence"), _("invalid trailing UTF-8 octet"),
    _("mapping keys are not allowed in this context"), _("mapping values are not allowed in this context"),
    _("unexpected low surrogate area"), _("while parsing a %TAG directive"), _("while parsing a block collection"),
    _("while parsing a block mapping"), _("while parsing a flow mapping"), _("while parsing a flow sequence"),
    _("while parsing a node"), _("while parsing a quoted scalar"), _("while parsing a tag"),
    _("while parsing a tag directive"), _("while scanning a %TAG directive"), _("while scanning a %YAML directive"),
    _("while scanning a block scalar"), _("while scanning a directive"), _("while scanning a plain scalar"),
    _("while scanning a quoted scalar"), _("while scanning a simple key"), _("while scanning a tag"),
    _("while scanning a tag directive"), _("while scanning an alias"), _("while scanning an anchor"),
    _("while scanning for the next token"), _("while parsing a block node"), _("while parsing a flow node"),
)  # fmt: skip

/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/mustache: what the specification of the language says, section by section, and what is ours. */
#include "conf/mustache.h"

#include <errno.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* Partials of a test: a JSON object of texts. */
static int
find(void *ctx, const char *name, char **text, size_t *len)
{
	const char *s = json_string_value(json_object_get(ctx, name));

	if (s == NULL)
		return -ENOENT;
	*text = xstrdup(s);
	*len = strlen(s);
	return 0;
}

struct example {
	const char *template, *data, *want;
};

struct example_with_partials {
	struct example e;
	const char *partials;
};

static void
renders(const struct example *e, const char *texts)
{
	struct mustache_error err = {0};
	json_t *data = json_loads(e->data, JSON_DECODE_ANY, NULL);
	json_t *partials = json_loads(texts, 0, NULL);
	struct mustache *m = mustache_parse("t", e->template, strlen(e->template), &err);
	struct str out = {0};

	ck_assert_msg(data != NULL && partials != NULL, "bad example: %s", e->template);
	ck_assert_msg(m != NULL, "%s: %u:%u: %s", e->template, err.line, err.column, err.text);
	ck_assert_msg(mustache_render(m, data, find, partials, &out, &err) == 0, "%s: %s", e->template, err.text);
	ck_assert_msg(strcmp(str_get(&out), e->want) == 0, "\"%s\" of %s is \"%s\", not \"%s\"", e->template, e->data,
		      str_get(&out), e->want);
	mustache_free(m);
	str_free(&out);
	json_decref(data);
	json_decref(partials);
}

#define RENDERS(examples)                                                                                    \
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)                                                     \
	renders(&(examples)[i], "{}")

START_TEST(test_variables)
{
	static const struct example examples[] = {
	    {"no tag { } }} { {", "{}", "no tag { } }} { {"},
	    {"[{{s}}]", "{\"s\": \"a\"}", "[a]"},
	    {"{{s}}", "{\"s\": \"& \\\" < >\"}", "&amp; &quot; &lt; &gt;"},
	    {"{{{s}}}|{{&s}}|{{{ s }}}|{{& s }}", "{\"s\": \"&\\\"<>\"}", "&\"<>|&\"<>|&\"<>|&\"<>"},
	    {"{{n}} {{{n}}} {{&n}}", "{\"n\": 85}", "85 85 85"},
	    {"{{n}}", "{\"n\": 1.21}", "1.21"},
	    {"{{n}}", "{\"n\": 4294967295}", "4294967295"},
	    {"{{t}} {{f}}", "{\"t\": true, \"f\": false}", "true false"},
	    {"({{n}})({{{n}}})({{&n}})({{missing}})({{a.b}})", "{\"n\": null}", "()()()()()"},
	    {"\"{{n}} miles!\" \"{{{n}}}\" \"{{&n}}\"", "{\"n\": 1.21}", "\"1.21 miles!\" \"1.21\" \"1.21\""},
	    {"I ({{c}}) ({{{c}}}) ({{&c}}) be seen!", "{}", "I () () () be seen!"},
	    {"\"{{p.n}}\" == \"{{#p}}{{n}}{{/p}}\"", "{\"p\": {\"n\": \"Joe\"}}", "\"Joe\" == \"Joe\""},
	    {"{{{p.n}}} {{&p.n}}", "{\"p\": {\"n\": \"<Joe>\"}}", "<Joe> <Joe>"},
	    {"{{a.b.c.d.e.name}}", "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"name\": \"Phil\"}}}}}}", "Phil"},
	    /* They are never one key with a dot in it. */
	    {"({{a.b}})", "{\"a.b\": \"c\"}", "()"},
	    {"{{a.b}}", "{\"a.b\": \"c\", \"a\": {\"b\": \"d\"}}", "d"},
	    /* Unless it is in brackets. */
	    {"{{[a.b]}} {{[a.b]|yaml}} {{#[a.b]}}yes{{/[a.b]}}", "{\"a.b\": \"c\", \"a\": {\"b\": \"d\"}}", "c \"c\" yes"},
	    {"{{a.[b.c].d}} {{a.[b.c].[d]}}", "{\"a\": {\"b.c\": {\"d\": 1}}}", "1 1"},
	    {"{{#a.[b.c]}}{{d}}{{/a.[b.c]}}", "{\"a\": {\"b.c\": [{\"d\": 1}, {\"d\": 2}]}}", "12"},
	    {"({{[a.b}})({{a.b]}})({{[a.b]c}})", "{\"[a\": {\"b\": 1, \"b]c\": 3}, \"a\": {\"b]\": 2}}", "(1)(2)(3)"},
	    {"{{#a}}({{b.c.d.e.name}}){{/a}}",
	     "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"name\": \"Phil\"}}}}}, \"b\": {\"c\": {\"d\": {\"e\": {\"name\": \"Wrong\"}}}}}",
	     "(Phil)"},
	    /* Dotted names: the first part is looked for everywhere, the others only in what it is. */
	    {"{{a.b.c}}", "{\"a\": {\"b\": {\"c\": \"x\"}}}", "x"},
	    {"({{a.b.c}})", "{\"a\": {\"b\": {}}, \"c\": \"wrong\"}", "()"},
	    {"({{a.b.c.name}})", "{\"a\": {\"b\": {}}, \"c\": {\"name\": \"wrong\"}}", "()"},
	    {"{{#a}}({{b.c}}){{/a}}", "{\"a\": {\"b\": {}}, \"b\": {\"c\": \"wrong\"}}", "()"},
	    {"{{#a}}{{b.c}}{{/a}}", "{\"a\": {\"x\": 1}, \"b\": {\"c\": \"outer\"}}", "outer"},
	    /* The context itself. */
	    {"{{.}}", "\"<x>\"", "&lt;x&gt;"},
	    {"{{{.}}} {{&.}}", "\"<x>\"", "<x> <x>"},
	    /* White space around a variable stays, inside the tag it does not count. */
	    {"| {{s}} |", "{\"s\": \"-\"}", "| - |"},
	    {"  {{s}}\n", "{\"s\": \"-\"}", "  -\n"},
	    {"| {{{s}}} | {{&s}} |", "{\"s\": \"-\"}", "| - | - |"},
	    {"  {{{s}}}\n  {{&s}}\n", "{\"s\": \"-\"}", "  -\n  -\n"},
	    {"|{{ s\t}}|{{{\n s }}}|", "{\"s\": \"-\"}", "|-|-|"},
	};
	RENDERS(examples);
}
END_TEST

START_TEST(test_sections)
{
	static const struct example examples[] = {
	    {"\"{{#b}}yes{{/b}}\"", "{\"b\": true}", "\"yes\""},
	    {"\"{{#b}}no{{/b}}\"", "{\"b\": false}", "\"\""},
	    {"\"{{#b}}no{{/b}}{{#c}}no{{/c}}\"", "{\"b\": null}", "\"\""},
	    {"{{#o}}Hi {{name}}.{{/o}}", "{\"o\": {\"name\": \"Joe\"}}", "Hi Joe."},
	    {"{{#a}}{{one}}{{#b}}{{one}}{{two}}{{one}}{{/b}}{{/a}}", "{\"a\": {\"one\": 1}, \"b\": {\"two\": 2}}", "1121"},
	    {"{{#l}}{{i}}{{/l}}", "{\"l\": [{\"i\": 1}, {\"i\": 2}, {\"i\": 3}]}", "123"},
	    {"({{#l}}x{{/l}})", "{\"l\": []}", "()"},
	    {"{{#b}}\n* first\n{{/b}}\n* {{two}}\n{{#b}}\n* third\n{{/b}}\n", "{\"b\": true, \"two\": \"second\"}",
	     "* first\n* second\n* third\n"},
	    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\": true}", "| A B C D E |"},
	    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\": false}", "| A  E |"},
	    {"{{#foo}}{{.}} is {{foo}}{{/foo}}", "{\"foo\": \"bar\"}", "bar is bar"},
	    {"{{#tops}}{{#middles}}{{tname.lower}}{{mname}}.{{#bottoms}}{{tname.upper}}{{mname}}{{bname}}.{{/bottoms}}{{/middles}}{{/tops}}",
	     "{\"tops\": [{\"tname\": {\"upper\": \"A\", \"lower\": \"a\"}, \"middles\": [{\"mname\": \"1\", \"bottoms\":"
	     "[{\"bname\": \"x\"}, {\"bname\": \"y\"}]}]}]}",
	     "a1.A1x.A1y."},
	    {"{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c}}{{one}}{{two}}{{three}}{{#d}}{{one}}{{four}}{{/d}}{{two}}{{/c}}{{one}}{{/b}}{{/a}}",
	     "{\"a\": {\"one\": 1}, \"b\": {\"two\": 2}, \"c\": {\"three\": 3, \"d\": {\"four\": 4}}}", "1121231421"},
	    {"[{{#missing}}Found key!{{/missing}}]", "{}", "[]"},
	    {"{{#l}}({{.}}){{/l}} {{#l}}({{{.}}}){{/l}} {{#l}}({{&.}}){{/l}}", "{\"l\": [\"&\", \"<\"]}",
	     "(&amp;)(&lt;) (&)(<) (&)(<)"},
	    {"\"{{#a.b.c}}Here{{/a.b.c}}\"", "{\"a\": {\"b\": {\"c\": false}}}", "\"\""},
	    {" | {{#b}}\t|\t{{/b}} | \n", "{\"b\": true}", " | \t|\t | \n"},
	    {" | {{#b}} {{! Important Whitespace }}\n {{/b}} | \n", "{\"b\": true}", " |  \n  | \n"},
	    {"|{{# b }}={{/ b }}|", "{\"b\": true}", "|=|"},
	    /* Inverted ones, the same again. */
	    {"\"{{^o}}Hi {{name}}.{{/o}}\"", "{\"o\": {\"name\": \"Joe\"}}", "\"\""},
	    {"\"{{^n}}Null is falsey{{/n}}\"", "{\"n\": null}", "\"Null is falsey\""},
	    {"{{^b}}\n* first\n{{/b}}\n* {{two}}\n{{^b}}\n* third\n{{/b}}\n", "{\"b\": false, \"two\": \"second\"}",
	     "* first\n* second\n* third\n"},
	    {"| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "{\"b\": false}", "| A B C D E |"},
	    {"| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "{\"b\": true}", "| A  E |"},
	    {"\"{{^a.b.c}}Not Here{{/a.b.c}}\"", "{\"a\": {\"b\": {\"c\": true}}}", "\"\""},
	    {"\"{{^a.b.c}}Not Here{{/a.b.c}}\"", "{\"a\": {\"b\": {\"c\": false}}}", "\"Not Here\""},
	    {" | {{^b}}\t|\t{{/b}} | \n", "{\"b\": false}", " | \t|\t | \n"},
	    {" | {{^b}} {{! Important Whitespace }}\n {{/b}} | \n", "{\"b\": false}", " |  \n  | \n"},
	    {"|{{^ b }}={{/ b }}|", "{\"b\": false}", "|=|"},
	    /* Implicit iterator. */
	    {"{{#l}}({{.}}){{/l}}", "{\"l\": [\"a\", 1, 1.5]}", "(a)(1)(1.5)"},
	    {"{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\": [[1, 2], [\"a\"]]}", "(12)(a)"},
	    {"{{#.}}({{v}}){{/.}}", "[{\"v\": 1}, {\"v\": 2}]", "(1)(2)"},
	    {"{{#a.b.c}}here{{/a.b.c}}", "{\"a\": {\"b\": {\"c\": true}}}", "here"},
	    {"({{#a.b.c}}here{{/a.b.c}})", "{\"a\": {}}", "()"},
	    /* Inner contexts come first, and false there is an answer. */
	    {"{{#o}}{{#s}}{{v}}{{/s}}({{f}}){{/o}}", "{\"o\": {\"s\": {\"v\": 2}, \"f\": \"\"}, \"v\": 1, \"f\": \"wrong\"}", "2()"},
	    /* What is false; an empty string is, zero is not. */
	    {"{{#z}}zero{{/z}}{{#e}}empty{{/e}}{{#o}}object{{/o}}{{#s}}{{.}}{{/s}}", "{\"z\": 0, \"e\": \"\", \"o\": {}, \"s\": \"text\"}",
	     "zeroobjecttext"},
	    {"{{^b}}yes{{/b}}{{^t}}no{{/t}}", "{\"b\": false, \"t\": true}", "yes"},
	    {"{{^l}}none{{/l}}{{^m}}no{{/m}}{{^x}}unknown{{/x}}", "{\"l\": [], \"m\": [1]}", "noneunknown"},
	    {"{{^a.b}}not there{{/a.b}}", "{\"a\": {}}", "not there"},
	    {"{{#l}}{{^last}}{{v}}, {{/last}}{{#last}}{{v}}{{/last}}{{/l}}", "{\"l\": [{\"v\": 1}, {\"v\": 2, \"last\": true}]}", "1, 2"},
	};
	RENDERS(examples);
}
END_TEST

/* Tags that are alone on their line take it with them. */
START_TEST(test_standalone)
{
	static const struct example examples[] = {
	    {"| This\n{{#b}}\n|\n{{/b}}\n| A line\n", "{\"b\": true}", "| This\n|\n| A line\n"},
	    {"| This\n  {{#b}}  \n|\n\t{{/b}}\n| A line\n", "{\"b\": true}", "| This\n|\n| A line\n"},
	    {"|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\": true}", "|\r\n|"},
	    {"  {{#b}}\n#{{/b}}\n/", "{\"b\": true}", "#\n/"},
	    {"#{{#b}}\n/\n  {{/b}}", "{\"b\": true}", "#\n/\n"},
	    {" {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "{\"b\": true}", " YES\n GOOD\n"},
	    {"a\n{{^b}}\nb\n{{/b}}\nc\n", "{}", "a\nb\nc\n"},
	    {"Begin.\n{{! Comment }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"Begin.\n  {{!\n    {{x} of\n    lines \n  }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"  {{! alone }}", "{}", ""},
	    {"12 {{! inline }}\n", "{}", "12 \n"},
	    {"12345{{! Comment }}67890", "{}", "1234567890"},
	    {"a {{! x }} {{! y }}\n{{! x }} {{! y }}\n", "{}", "a  \n \n"},
	    {"{{s}}\n", "{\"s\": \"\"}", "\n"},
	    {" {{^b}}NO{{/b}}\n {{^b}}WAY{{/b}}\n", "{\"b\": false}", " NO\n WAY\n"},
	    {"| This Is\n  {{^b}}\n|\n  {{/b}}\n| A Line\n", "{\"b\": false}", "| This Is\n|\n| A Line\n"},
	    {"|\r\n{{^b}}\r\n{{/b}}\r\n|", "{\"b\": false}", "|\r\n|"},
	    {"  {{^b}}\n^{{/b}}\n/", "{\"b\": false}", "^\n/"},
	    {"^{{^b}}\n/\n  {{/b}}", "{\"b\": false}", "^\n/\n"},
	    {"12345{{!\n  This is a\n  multi-line comment...\n}}67890\n", "{}", "1234567890\n"},
	    {"Begin.\n{{!\nSomething's going on here...\n}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"|\r\n{{! Standalone Comment }}\r\n|", "{}", "|\r\n|"},
	    {"  {{! I'm Still Standalone }}\n!", "{}", "!"},
	    {"!\n  {{! I'm Still Standalone }}", "{}", "!\n"},
	    {"  12 {{! 34 }}\n", "{}", "  12 \n"},
	    {"12345 {{! Comment Block! }} 67890", "{}", "12345  67890"},
	    {"comments never show: >{{! comment }}<", "{\"! comment\": 1, \"! comment \": 2, \"!comment\": 3, \"comment\": 4}",
	     "comments never show: ><"},
	    {"{{#b}}\n\n{{/b}}\n", "{\"b\": true}", "\n"},
	};
	RENDERS(examples);
}
END_TEST

START_TEST(test_delimiters)
{
	static const struct example examples[] = {
	    {"{{=<% %>=}}(<%s%>)", "{\"s\": \"Hey\"}", "(Hey)"},
	    {"({{=[ ]=}}[s])", "{\"s\": \"Hey\"}", "(Hey)"},
	    {"[\n{{#b}}\n  {{s}}\n  |s|\n{{/b}}\n\n{{= | | =}}\n|#b|\n  {{s}}\n  |s|\n|/b|\n]\n", "{\"b\": true, \"s\": \"x\"}",
	     "[\n  x\n  |s|\n\n  {{s}}\n  x\n]\n"},
	    {"|{{= @   @ =}}|", "{}", "||"},
	    {"Begin.\n  {{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"a {{=@ @=}}\nb", "{}", "a \nb"},
	    {"[\n{{^b}}\n  {{s}}\n  |s|\n{{/b}}\n\n{{= | | =}}\n|^b|\n  {{s}}\n  |s|\n|/b|\n]\n", "{\"b\": false, \"s\": \"x\"}",
	     "[\n  x\n  |s|\n\n  {{s}}\n  x\n]\n"},
	    {"| {{=@ @=}} |", "{}", "|  |"},
	    {" | {{=@ @=}}\n", "{}", " | \n"},
	    {"|\r\n{{= @ @ =}}\r\n|", "{}", "|\r\n|"},
	    {"  {{=@ @=}}\n=", "{}", "="},
	    {"=\n  {{=@ @=}}", "{}", "=\n"},
	    /* They are neither inherited by partials nor do they come back from them. */
	    {"[ {{>p}} ]\n{{= | | =}}\n[ |>p| ]\n", "{\"v\": \"yes\"}", "[ .yes. ]\n[ .yes. ]\n"},
	    {"[ {{>p}} ]\n[ .{{v}}.  .|v|. ]\n", "{\"v\": \"yes\"}", "[ .yes. ]\n[ .yes.  .|v|. ]\n"},
	    {"[ {{>q}} ]\n[ .{{v}}.  .|v|. ]\n", "{\"v\": \"yes\"}", "[ .yes.  .yes. ]\n[ .yes.  .|v|. ]\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		renders(&examples[i], "{\"p\": \".{{v}}.\", \"q\": \".{{v}}. {{= | | =}} .|v|.\"}");
}
END_TEST

START_TEST(test_partials)
{
	static const struct example_with_partials examples[] = {
	    {{"\"{{>text}}\"", "{}", "\"from partial\""}, "{\"text\": \"from partial\"}"},
	    {{"\"{{>text}}\"", "{}", "\"\""}, "{}"},
	    {{"\"{{>p}}\"", "{\"t\": \"x\"}", "\"*x*\""}, "{\"p\": \"*{{t}}*\"}"},
	    {{"{{>node}}", "{\"c\": \"X\", \"n\": [{\"c\": \"Y\", \"n\": []}]}", "X<Y<>>"}, "{\"node\": \"{{c}}<{{#n}}{{>node}}{{/n}}>\"}"},
	    {{"{{>outer}}", "{\"a\": \"hello\", \"b\": \"world\"}", "*hello world!*"}, "{\"outer\": \"*{{a}} {{>inner}}*\", \"inner\": \"{{b}}!\"}"},
	    {{"| {{>p}} |", "{}", "| \t|\t |"}, "{\"p\": \"\\t|\\t\"}"},
	    {{"  {{d}}  {{> p}}\n", "{\"d\": \"|\"}", "  |  >\n>\n"}, "{\"p\": \">\\n>\"}"},
	    {{"|\r\n{{>p}}\r\n|", "{}", "|\r\n>|"}, "{\"p\": \">\"}"},
	    {{"  {{>p}}\n>", "{}", "  >\n  >>"}, "{\"p\": \">\\n>\"}"},
	    {{">\n  {{>p}}", "{}", ">\n  >\n  >"}, "{\"p\": \">\\n>\"}"},
	    /* The indentation goes before the lines of the partial, not of what it inserts. */
	    {{"\\\n {{>p}}\n/\n", "{\"c\": \"<\\n->\"}", "\\\n |\n <\n->\n |\n/\n"}, "{\"p\": \"|\\n{{{c}}}\\n|\\n\"}"},
	    {{" {{>a}}\n", "{}", " a\n   b\n"}, "{\"a\": \"a\\n  {{>b}}\\n\", \"b\": \"b\\n\"}"},
	    {{"|{{> p }}|", "{\"b\": true}", "|[]|"}, "{\"p\": \"[]\"}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		renders(&examples[i].e, examples[i].partials);
}
END_TEST

/* Whatever a value is, what is written reads back as it, and stays where it was put. */
START_TEST(test_yaml)
{
	static const struct example examples[] = {
	    {"x: {{s|yaml}}\n", "{\"s\": \"a\\nevil: true\"}", "x: \"a\\x0aevil: true\"\n"},
	    {"{{ s | yaml }}", "{\"s\": \"q\\\"b\\\\t\\t}}\"}", "\"q\\\"b\\\\t\\x09}}\""},
	    {"{{#l}}{{.|yaml}} {{/l}}", "{\"l\": [\"no\", \"1.10\", 5, true, null]}", "\"no\" \"1.10\" 5 true null "},
	    {"{{missing|yaml}}", "{}", "null"},
	    {"{{s|yaml}}", "{\"s\": \"\\u0085\\u009f\\u2028\\ufeff\\u00e9\\ud83d\\ude00\\u007f\"}",
	     "\"\\N\\x9f\\L\\uFEFF\xc3\xa9\xf0\x9f\x98\x80\\x7f\""},
	    {"{{l|yaml}}", "{\"l\": [\"a: b\", 1, [], {\"k\": \"v\"}]}", "[\"a: b\", 1, [], {\"k\": \"v\"}]"},
	};
	RENDERS(examples);
}
END_TEST

START_TEST(test_ours)
{
	static const struct example examples[] = {
	    {"{{#o|each}}({{key}}={{value.n}}{{#value.l}} {{.}}{{/value.l}}){{/o|each}}",
	     "{\"o\": {\"b\": {\"n\": 2}, \"a\": {\"n\": 1, \"l\": [7, 8]}}}", "(a=1 7 8)(b=2)"},
	    {"{{# o | each }}x{{/ o | each }}", "{\"o\": {}}", ""},
	    {"{{#o|each}}x{{/o|each}}{{#s|each}}x{{/s|each}}{{#m|each}}x{{/m|each}}", "{\"o\": [1], \"s\": \"text\"}", ""},
	    {"{{#l|any}}[{{#l}}{{.}} {{/l}}]{{v}}{{/l|any}}{{#e|any}}no{{/e|any}}", "{\"l\": [1, 2], \"e\": [], \"v\": 3}", "[1 2 ]3"},
	    {"{{#op.In}}in{{/op.In}}{{#op.Equal}}equal{{/op.Equal}}{{^op.In}}other{{/op.In}}", "{\"op\": \"In\"}", "in"},
	    {"{{#op.In}}in{{/op.In}}{{^op.In}}other{{/op.In}}", "{\"op\": null}", "other"},
	    {"{{#p.179}}yes{{/p.179}}{{^p.17}}no{{/p.17}}{{#p.179.179}}deeper{{/p.179.179}}{{^z.0}}not{{/z.0}}", "{\"p\": 179, \"z\": 0}", "yesno"},
	    {"{{#o}}{{#op.In}}{{.}} {{v}}{{/op.In}}{{/o}}", "{\"o\": {\"op\": \"In\", \"v\": 5}}", "true 5"},
	};
	RENDERS(examples);
}
END_TEST

START_TEST(test_errors)
{
	static const struct {
		const char *template;
		unsigned line, column;
		const char *text;
	} cases[] = {
	    {"a\n  {{b", 2, 3, "found a tag without end, expected }} behind it"},
	    {"{{{b}}", 1, 1, "found a tag without end, expected }}} behind it"},
	    {"{{ }}", 1, 1, "found a tag with no name in it"},
	    {"{{#a}}\n{{/b}}", 2, 1, "found the end of the section \"b\", expected that of \"a\""},
	    {"x{{/a}}", 1, 2, "found the end of the section \"a\", which has no beginning"},
	    {"\n\n {{#a}} {{#b}}{{/b}}", 3, 2, "found the section \"a\" without end"},
	    {"{{a..b}}", 1, 1, "found an empty part in the name \"a..b\""},
	    {"{{.a}}", 1, 1, "found an empty part in the name \".a\""},
	    {"{{a.}}", 1, 1, "found an empty part in the name \"a.\""},
	    {"{{a.[]}}", 1, 1, "found an empty part in the name \"a.[]\""},
	    {"{{a.[b c]}}", 1, 1, "found white space in the name \"a.[b c]\""},
	    {"{{a b}}", 1, 1, "found white space in the name \"a b\""},
	    {"{{a|json}}", 1, 1, "found the filter \"json\", expected yaml"},
	    {"{{#a|yaml}}{{/a|yaml}}", 1, 1, "found the filter \"yaml\" of a section, expected {{#name|each}} or {{#name|any}}"},
	    {"{{^a|each}}{{/a|each}}", 1, 1, "found the filter \"each\" of a section, expected {{#name|each}} or {{#name|any}}"},
	    {"{{#a|each}}{{/a}}", 1, 12, "found the end of the section \"a\", expected that of \"a|each\""},
	    {"{{a|each}}", 1, 1, "found the filter \"each\", expected yaml"},
	    {"{{|yaml}}", 1, 1, "found a filter with no name before it"},
	    {"{{=<%=}}", 1, 1, "found other delimiters that are none, expected two, as in {{=<% %>=}}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mustache_error err = {0};
		ck_assert_ptr_null(mustache_parse("t", cases[i].template, strlen(cases[i].template), &err));
		ck_assert_msg(err.line == cases[i].line && err.column == cases[i].column && strcmp(err.text, cases[i].text) == 0,
			      "%s: %u:%u: %s", cases[i].template, err.line, err.column, err.text);
		ck_assert_str_eq(err.name, "t"); /* although nothing of the template is left */
	}
}
END_TEST

/* A partial that contains itself whatever the data are, and sections that double at each step. */
START_TEST(test_bounds)
{
	struct mustache_error err = {0};
	json_t *partials = json_pack("{s:s, s:s}", "p", "{{>p}}", "bad", "ok\n{{#x}}"), *data = json_object();
	struct str out = {0};
	struct mustache *m = mustache_parse("t", "a\n{{>p}}", 8, &err);

	ck_assert_int_eq(mustache_render(m, data, find, partials, &out, &err), -1);
	ck_assert_str_eq(err.text, "found partials more than 256 deep");
	mustache_free(m);
	m = mustache_parse("t", "\n{{>bad}}", 9, &err);
	ck_assert_int_eq(mustache_render(m, data, find, partials, &out, &err), -1);
	ck_assert_str_eq(err.text, "found an error in the partial \"bad\", line 2: found the section \"x\" without end");
	ck_assert_uint_eq(err.line, 2);
	mustache_free(m);
	/* Ten times as much at each step, and nothing to show for it. */
	struct str deep = {0};
	for (unsigned i = 0; i < 30; i++)
		str_add(&deep, "{{#l}}");
	for (unsigned i = 0; i < 30; i++)
		str_add(&deep, "{{/l}}");
	json_t *lists = json_pack("{s:[i,i,i,i,i,i,i,i,i,i]}", "l", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	m = mustache_parse("t", str_get(&deep), deep.len, &err);
	ck_assert_int_eq(mustache_render(m, lists, find, partials, &out, &err), -1);
	ck_assert_str_eq(err.text, "found more than 20000000 parts to render");
	mustache_free(m);
	json_decref(lists);
	str_free(&deep);
	str_free(&out);
	json_decref(partials);
	json_decref(data);
}
END_TEST

SUITE("mustache", test_variables, test_sections, test_standalone, test_delimiters, test_partials, test_yaml, test_ours, test_errors,
      test_bounds)

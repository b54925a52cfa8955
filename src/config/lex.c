/* SPDX-License-Identifier: Apache-2.0 */
#include "config/lex.h"

/* The line as it is read: `at` is the next byte. A fault sticks. */
struct reader {
	const char *start, *at, *end;
	struct lex_fault *fault; /* why is NULL as long as all is well */
	char *out;               /* where the text of the present word grows */
};

static void complain(struct reader *in, const char *at, const char *why)
{
	if (in->fault->why != NULL)
		return;
	in->fault->why = why;
	in->fault->column = (unsigned)(at - in->start) + 1;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool is_alnum(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

static bool is_control(char byte)
{
	return ((unsigned char)byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f;
}

/* After a leading q: what no name goes on with. */
static bool is_delimiter(char byte)
{
	return !is_blank(byte) && !is_alnum(byte) && strchr("-_.:\\", byte) == NULL;
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* \xHH: `at` is at the x. A byte of zero would cut texts short and is refused. */
static void read_hex(struct reader *in)
{
	const char *place = in->at - 1;
	int high = in->end - in->at > 1 ? hex(in->at[1]) : -1;
	int low = in->end - in->at > 2 ? hex(in->at[2]) : -1;

	if (high < 0 || low < 0) {
		complain(in, place, "\\x needs two hexadecimal digits");
		return;
	}
	if (high + low == 0)
		complain(in, place, "\\x00 cannot be part of a word");
	*in->out++ = (char)(high * 16 + low);
	in->at += 3;
}

static void put(struct reader *in, char byte)
{
	*in->out++ = byte;
	in->at++;
}

/* `at` is behind the backslash. What is no escape stays as it was typed. */
static void read_escape(struct reader *in)
{
	char byte = in->at < in->end ? *in->at : '\0';

	if (byte == 'x')
		read_hex(in);
	else if (byte == 't')
		put(in, '\t');
	else if (byte == 'n')
		put(in, '\n');
	else if (byte == 'r')
		put(in, '\r');
	else if (byte == '"' || byte == '\'' || byte == '\\')
		put(in, byte);
	else
		*in->out++ = '\\';
}

static void read_quoted(struct reader *in)
{
	const char *open = in->at++;

	while (in->at < in->end && *in->at != *open && in->fault->why == NULL) {
		if (*in->at++ == '\\')
			read_escape(in);
		else
			*in->out++ = in->at[-1];
	}
	if (in->at >= in->end)
		complain(in, open, "the quote that starts here has no end");
	else
		in->at++;
}

static char closing(char open)
{
	switch (open) {
	case '(':
		return ')';
	case '[':
		return ']';
	case '{':
		return '}';
	case '<':
		return '>';
	default:
		return open;
	}
}

/* q/.../: nothing inside means anything but the delimiter; brackets nest. */
static void read_raw(struct reader *in)
{
	const char *start = in->at;
	char open = in->at[1], close = closing(open);
	unsigned depth = 1;

	for (in->at += 2; in->at < in->end; in->at++) {
		if (*in->at == close && --depth == 0)
			break;
		if (*in->at == open && open != close)
			depth++;
		*in->out++ = *in->at;
	}
	if (in->at >= in->end)
		complain(in, start, "the q quote that starts here has no end");
	else
		in->at++;
}

static void read_plain(struct reader *in)
{
	while (in->at < in->end && !is_blank(*in->at) && in->fault->why == NULL) {
		if (*in->at++ == '\\')
			read_escape(in);
		else
			*in->out++ = in->at[-1];
	}
}

static void read_word(struct reader *in, struct word *word)
{
	bool is_raw = in->end - in->at > 1 && *in->at == 'q' && is_delimiter(in->at[1]);

	word->column = (unsigned)(in->at - in->start) + 1;
	word->is_quoted = is_raw || *in->at == '"' || *in->at == '\'';
	word->text.at = in->out;
	if (is_raw)
		read_raw(in);
	else if (word->is_quoted)
		read_quoted(in);
	else
		read_plain(in);
	word->text.length = (size_t)(in->out - word->text.at);
	*in->out++ = '\0';
	if (word->is_quoted && in->at < in->end && !is_blank(*in->at))
		complain(in, in->at, "a blank must follow the end of a quote");
}

static void skip_blanks(struct reader *in)
{
	while (in->at < in->end && is_blank(*in->at))
		in->at++;
	if (in->at < in->end && *in->at == '#')
		in->at = in->end;
}

static void check_bytes(struct reader *in)
{
	for (const char *at = in->start; at < in->end; at++)
		if (is_control(*at))
			complain(in, at, "a control character: write it as \\xHH inside a word");
	if (in->end - in->start > LEX_LINE_MAX)
		complain(in, in->start + LEX_LINE_MAX, "the line is too long");
}

bool lex_line(struct str line, struct arena *arena, struct words *words, struct lex_fault *fault)
{
	struct reader in = { line.at, line.at, line.at + line.length, fault, NULL };
	unsigned room = (unsigned)(line.length < LEX_LINE_MAX ? line.length / 2 + 1 : 1);

	*fault = (struct lex_fault){ 0 };
	*words = (struct words){ 0 };
	if (line.length == 0)
		return true;
	check_bytes(&in);
	if (fault->why != NULL)
		return false;
	room = room < LEX_WORDS_MAX ? room : LEX_WORDS_MAX;
	words->at = arena_many(arena, struct word, room);
	/* No word grows by being read, and each ends with a NUL where a blank or the end was. */
	in.out = arena_take(arena, line.length * 2 + 2, 1);
	for (skip_blanks(&in); in.at < in.end && fault->why == NULL; skip_blanks(&in)) {
		if (words->count == room)
			complain(&in, in.at, "the line has too many words");
		else
			read_word(&in, &words->at[words->count++]);
	}
	return fault->why == NULL;
}

bool lex_fits(struct str line)
{
	struct lex_fault fault;
	struct words words;
	struct arena *arena;
	bool is_good;

	if (line.length > LEX_LINE_MAX)
		return false;
	if (line.length <= 2 * LEX_WORDS_MAX)
		return true; /* a word and the blank behind it take two bytes at least */
	arena = arena_new();
	is_good = lex_line(line, arena, &words, &fault);
	arena_free(arena);
	return is_good;
}

static bool must_quote(struct str word)
{
	if (word.length == 0 || word.at[0] == '-' || word.at[0] == '#')
		return true;
	if (word.length > 1 && word.at[0] == 'q' && is_delimiter(word.at[1]))
		return true;
	for (size_t i = 0; i < word.length; i++)
		if (is_blank(word.at[i]) || is_control(word.at[i]) ||
		    strchr("\"'\\[]", word.at[i]) != NULL)
			return true;
	return false;
}

static void quote_byte(struct text *text, char byte)
{
	if (byte == '"' || byte == '\\')
		text_print(text, "\\%c", byte);
	else if (byte == '\n')
		text_add(text, STR("\\n"));
	else if (byte == '\r')
		text_add(text, STR("\\r"));
	else if (byte == '\t')
		text_add(text, STR("\\t"));
	else if (is_control(byte))
		text_print(text, "\\x%02x", (unsigned char)byte);
	else
		text_add(text, (struct str){ &byte, 1 });
}

void lex_quote(struct text *text, struct str word)
{
	if (!must_quote(word)) {
		text_add(text, word);
		return;
	}
	text_add(text, STR("\""));
	for (size_t i = 0; i < word.length; i++)
		quote_byte(text, word.at[i]);
	text_add(text, STR("\""));
}

#include "parameters.h"

#include <ctype.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *digits(const char *at) {
  while (isdigit((unsigned char)*at)) ++at;
  return at;
}

// The grammar of RFC 8259.
static bool is_number(const char *text) {
  const char *at = text + (*text == '-');
  const char *end = digits(at);
  if (end == at || (*at == '0' && end > at + 1)) return false;
  if (*end == '.') {
    at = end + 1;
    end = digits(at);
    if (end == at) return false;
  }
  if (*end == 'e' || *end == 'E') {
    at = end + 1;
    at += *at == '+' || *at == '-';
    end = digits(at);
    if (end == at) return false;
  }
  return *end == '\0';
}

static cJSON *checked(cJSON *value) {
  if (!value) errx(EXIT_TOOL_FAILED, "out of memory");
  return value;
}

static const char *type_of(const cJSON *schema) {
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
  return cJSON_IsString(type) ? type->valuestring : "";
}

// The schema of the property that `path` names, or null.
static const cJSON *property(const cJSON *schema, const char *path) {
  char name[256];
  while (schema) {
    const size_t length = strcspn(path, "/");
    if (length >= sizeof name) return NULL;
    memcpy(name, path, length);
    name[length] = '\0';
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    schema = cJSON_GetObjectItemCaseSensitive(properties, name);
    if (path[length] == '\0') return schema;
    path += length + 1;
  }
  return NULL;
}

// JSON text as it is, so that numbers in it keep their digits.
static cJSON *raw_json(const char *name, const char *text) {
  cJSON *parsed = cJSON_ParseWithOpts(text, NULL, 1);
  if (!parsed) errx(EXIT_USAGE, "--%s: '%s' is not JSON", name, text);
  cJSON_Delete(parsed);
  return checked(cJSON_CreateRaw(text));
}

static cJSON *value_of(const char *name, const char *text, const char *type) {
  if (strcmp(type, "string") == 0) return checked(cJSON_CreateString(text));
  if (strcmp(type, "number") == 0 || strcmp(type, "integer") == 0) {
    if (!is_number(text)) errx(EXIT_USAGE, "--%s: '%s' is not a number", name, text);
    return checked(cJSON_CreateRaw(text));
  }
  if (strcmp(type, "boolean") == 0) {
    if (strcmp(text, "true") == 0) return checked(cJSON_CreateTrue());
    if (strcmp(text, "false") == 0) return checked(cJSON_CreateFalse());
    errx(EXIT_USAGE, "--%s: '%s' is neither true nor false", name, text);
  }
  if (strcmp(type, "object") == 0 || strcmp(type, "array") == 0) return raw_json(name, text);
  cJSON *parsed = cJSON_ParseWithOpts(text, NULL, 1);
  const bool is_json = parsed && !(cJSON_IsNumber(parsed) && !is_number(text));
  cJSON_Delete(parsed);
  return checked(is_json ? cJSON_CreateRaw(text) : cJSON_CreateString(text));
}

static void add(cJSON *object, const char *name, cJSON *value) {
  if (!cJSON_AddItemToObject(object, name, value)) errx(EXIT_TOOL_FAILED, "out of memory");
}

// Puts the value where `path` says.
static void place(cJSON *object, const char *path, cJSON *value) {
  char *rest = strdup(path), *name = rest;
  if (!rest) errx(EXIT_TOOL_FAILED, "out of memory");
  for (char *slash = strchr(name, '/'); slash; slash = strchr(name, '/')) {
    *slash = '\0';
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!inner) {
      inner = checked(cJSON_CreateObject());
      add(object, name, inner);
    }
    if (!cJSON_IsObject(inner)) errx(EXIT_USAGE, "--%s: '%s' has a value already", path, name);
    object = inner;
    name = slash + 1;
  }
  if (cJSON_GetObjectItemCaseSensitive(object, name)) errx(EXIT_USAGE, "--%s is given twice", path);
  add(object, name, value);
  free(rest);
}

// One element of the array at the top of `object`.
static void append(cJSON *object, const char *name, cJSON *value) {
  cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!array) {
    array = checked(cJSON_CreateArray());
    add(object, name, array);
  }
  if (!cJSON_IsArray(array)) errx(EXIT_USAGE, "--%s is given twice", name);
  cJSON_AddItemToArray(array, value);
}

cJSON *parse_parameters(char **words, const cJSON *schema) {
  cJSON *object = checked(cJSON_CreateObject());
  for (; *words; ++words) {
    if (strncmp(*words, "--", 2) != 0 || (*words)[2] == '\0') {
      errx(EXIT_USAGE, "'%s' is not --PARAMETER; see tool call NAME --help", *words);
    }
    char *name = strdup(*words + 2);
    if (!name) errx(EXIT_TOOL_FAILED, "out of memory");
    char *value = strchr(name, '=');
    if (value) *value++ = '\0';
    const cJSON *about = property(schema, name);
    const char *type = type_of(about);
    if (!value && strcmp(type, "boolean") == 0 &&
        !(words[1] && (strcmp(words[1], "true") == 0 || strcmp(words[1], "false") == 0))) {
      value = "true";
    }
    if (!value) {
      if (!words[1]) errx(EXIT_USAGE, "--%s has no value", name);
      value = *++words;
    }
    if (strcmp(type, "array") == 0 && value[strspn(value, " \t\n")] != '[' && !strchr(name, '/')) {
      const cJSON *items = cJSON_GetObjectItemCaseSensitive(about, "items");
      append(object, name, value_of(name, value, type_of(items)));
    } else {
      place(object, name, value_of(name, value, type));
    }
    free(name);
  }
  return object;
}

static bool is_required(const cJSON *schema, const char *name) {
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required"), *entry;
  cJSON_ArrayForEach(entry, required) {
    if (cJSON_IsString(entry) && strcmp(entry->valuestring, name) == 0) return true;
  }
  return false;
}

void print_parameters(const cJSON *schema) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties"), *entry;
  if (cJSON_GetArraySize(properties) == 0) {
    puts("  --NAME VALUE  any parameters");
    return;
  }
  cJSON_ArrayForEach(entry, properties) {
    const char *type = type_of(entry);
    printf("  --%s %s%s\n", entry->string, *type ? type : "VALUE",
           is_required(schema, entry->string) ? " (required)" : "");
    const cJSON *description = cJSON_GetObjectItemCaseSensitive(entry, "description");
    if (cJSON_IsString(description)) printf("      %s\n", description->valuestring);
    const cJSON *choices = cJSON_GetObjectItemCaseSensitive(entry, "enum");
    char *text = cJSON_IsArray(choices) ? cJSON_PrintUnformatted(choices) : NULL;
    if (text) printf("      one of %s\n", text);
    free(text);
  }
}

import { utf8 } from "./field-values.ts";
import type { Mutation } from "./mutation.ts";

type TargetChange = (target: string) => string;

function named(part: string, changes: Readonly<Record<string, TargetChange>>): readonly Mutation[] {
  return Object.entries(changes).map(([name, change]) => ({
    part,
    name,
    apply: (request) => ({ ...request, target: change(request.target) }),
  }));
}

/** Path and query of a target; the query with its question mark. */
function split(target: string): readonly [path: string, query: string] {
  const at = target.indexOf("?");
  return at === -1 ? [target, ""] : [target.slice(0, at), target.slice(at)];
}

/** A change to the path, which leaves the query alone. */
function onPath(change: (path: string) => string): TargetChange {
  return (target) => {
    const [path, query] = split(target);
    return change(path) + query;
  };
}

function withQuery(text: string): TargetChange {
  return (target) => `${target}${target.includes("?") ? "&" : "?"}${text}`;
}

function percentEncoded(text: string): string {
  return Array.from(Buffer.from(text, "latin1"), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Changes that any path can take. */
export const PATH_MUTATIONS: readonly Mutation[] = [
  ...named("path", {
    "a slash behind it": onPath((path) => `${path}/`),
    "two slashes behind it": onPath((path) => `${path}//`),
    "two slashes at its beginning": (target) => `/${target}`,
    "two slashes within": onPath((path) => path.replace(/\/(?=[^/]*$)/, "//")),
    "a segment more": onPath((path) => `${path}/x`),
    "a segment less": onPath(parentOf),
    "the last segment twice": onPath((path) => path + path.slice(path.lastIndexOf("/"))),
    "in upper case": (target) => target.toUpperCase(),
    "a dot segment": onPath((path) => `${parentOf(path)}/.${path.slice(path.lastIndexOf("/"))}`),
    "dots behind it": onPath((path) => `${path}/..`),
    "encoded dots behind it": onPath((path) => `${path}/%2e%2e`),
    "out of the root": onPath((path) => `/../../..${path}`),
    "its slashes encoded": onPath((path) => `/${path.slice(1).replaceAll("/", "%2f")}`),
    "backslashes for slashes": onPath((path) => `/${path.slice(1).replaceAll("/", "\\")}`),
    "all of it encoded": onPath((path) => `/${percentEncoded(path.slice(1))}`),
    "the last segment encoded": onPath(
      (path) => `${parentOf(path)}/${percentEncoded(path.slice(path.lastIndexOf("/") + 1))}`,
    ),
    "an encoded NUL behind it": onPath((path) => `${path}%00`),
    "an encoded line feed behind it": onPath((path) => `${path}%0d%0a`),
    "a broken escape behind it": onPath((path) => `${path}%zz`),
    "a percent sign behind it": onPath((path) => `${path}%`),
    "an escape that is no UTF-8 behind it": onPath((path) => `${path}%ff`),
    "raw UTF-8 behind it": onPath((path) => path + utf8("é漢")),
    "raw Latin-1 behind it": onPath((path) => `${path}\xff`),
    "a control character behind it": onPath((path) => `${path}\x01`),
    "a tab behind it": onPath((path) => `${path}\t`),
    "a space within": onPath((path) => `${path} x`),
    "a matrix parameter": onPath((path) => `${path};a=b`),
    "a colon behind it": onPath((path) => `${path}:1`),
    "an asterisk behind it": onPath((path) => `${path}/*`),
    "a fragment": (target) => `${target}#x`,
    "a whole URL": (target) => `http://elsewhere.invalid${target}`,
    "a whole URL of another scheme": (target) => `ftp://elsewhere.invalid${target}`,
    "no slash at its beginning": (target) => target.slice(1),
    "nothing but an asterisk": () => "*",
    "the root": () => "/",
    empty: () => "",
    "another version of the API": onPath((path) => path.replace("/v1/", "/v2/")),
    __proto__: onPath((path) => `${parentOf(path)}/__proto__`),
    "4 KiB longer": onPath((path) => path + "a".repeat(4_096)),
    "60 KiB longer": onPath((path) => path + "a".repeat(60 * 1024)),
    "200 KiB longer": onPath((path) => path + "a".repeat(200 * 1024)),
    "5,000 segments": onPath((path) => path + "/a".repeat(5_000)),
  }),
  ...named("query", {
    "an empty query": (target) => `${target}?`,
    "a query of junk": withQuery("%zz&=&&a=%ff&a[b]=c&__proto__=1"),
    "a query with two question marks": withQuery("?a=b?c=d"),
    "a query of 60 KiB": withQuery(`a=${"b".repeat(60 * 1024)}`),
    "a query of 3,000 parameters": withQuery("a=b&".repeat(3_000)),
    "a query with raw UTF-8": withQuery(`a=${utf8("é")}`),
    "a token in the query": withQuery("access_token=x&authorization=x"),
    "a method in the query": withQuery("_method=DELETE"),
    "an entity twice": withQuery("entityType=a&entityType=b"),
    "an entity that is too long": withQuery(`entityId=${"x".repeat(129)}`),
    "an entity of a NUL": withQuery("entityId=%00"),
    "an entity of half a character": withQuery("entityId=%ed%a0%80"),
    "100 tags": withQuery(`tags=${"a,b1,".repeat(60)}${Array.from({ length: 100 }, (_, i) => i).join(",")}`),
    "tags of nothing": withQuery("tags=,,,"),
    "a file that it replaces": withQuery("replaces=00000000000000000000000000"),
    "a limit of 0": withQuery("limit=0"),
    "a limit of 1e99": withQuery("limit=1e99"),
    "a limit of NaN": withQuery("limit=NaN"),
    "a cursor that is none": withQuery("cursor=99999999999999999999.x"),
    "a cursor of another": withQuery("cursor=0.00000000000000000000000000"),
    "a state that is none": withQuery("state=deleted"),
    "a variant that is none": withQuery("variant=toString"),
    "a disposition that is none": withQuery("disposition=both"),
  }),
];

/** As in the ids of files and uploads. */
const ID = /[0-9a-hjkmnp-tv-z]{26}/;

export function idIn(target: string): string | undefined {
  return ID.exec(target)?.[0];
}

export function withId(target: string, change: (id: string) => string): string {
  return target.replace(ID, change);
}

function withOther(change: (id: string) => string): TargetChange {
  return (target) => withId(target, change);
}

/** Changes to the id in a path, where it has one. */
export const ID_MUTATIONS: readonly Mutation[] = named("id", {
  missing: withOther(() => ""),
  unknown: withOther(() => "0".repeat(26)),
  "in upper case": withOther((id) => id.toUpperCase()),
  "a character short": withOther((id) => id.slice(1)),
  "a character long": withOther((id) => `${id}0`),
  "with a letter it can't have": withOther((id) => `u${id.slice(1)}`),
  "with a comma behind it": withOther((id) => `${id},${id}`),
  "with a dot behind it": withOther((id) => `${id}.`),
  "with a tenant before it": withOther((id) => `tenant%2f${id}`),
  "a UUID": withOther(() => "6680c1fd-428e-41a0-832d-cb31428f9d0c"),
  "a number": withOther(() => "1"),
  "a star": withOther(() => "*"),
  "a pattern": withOther(() => "%25"),
  "a quote": withOther(() => "'%20OR%201=1--"),
  "in fullwidth digits": withOther((id) => percentEncoded(utf8("１") + id.slice(1))),
});

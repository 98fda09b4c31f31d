import { createHash } from "node:crypto";
import { bodyMutations } from "./body-mutations.ts";
import { isAboutOne } from "./credentials.ts";
import { fieldMutations, MORE_FIELDS } from "./field-mutations.ts";
import { METHOD_MUTATIONS } from "./method-mutations.ts";
import type { Mutation } from "./mutation.ts";
import { ID_MUTATIONS, idIn, PATH_MUTATIONS } from "./path-mutations.ts";
import type { RequestKind } from "./subject.ts";
import type { WireRequest } from "./wire-request.ts";

/** One request of the test: a valid one of a kind, with one change. */
export interface Case {
  readonly kind: RequestKind;
  readonly mutation: Mutation;
}

export function nameOf({ kind, mutation }: Case): string {
  return `${kind.name}; ${mutation.part}: ${mutation.name}`;
}

/** Changes that need to know who is who. */
export interface SpecialMutations {
  readonly credentials: readonly Mutation[];
  readonly strangers: readonly Mutation[];
}

/** Every case of one kind, whose requests are as `valid`. */
export function casesOf(kind: RequestKind, valid: WireRequest, special: SpecialMutations): readonly Case[] {
  const parts = new Set(valid.fields.map(([name]) => name));
  const mutations = [
    ...[...parts].flatMap(fieldMutations),
    ...(parts.has("content-length") ? [] : fieldMutations("content-length")),
    ...[...MORE_FIELDS, ...METHOD_MUTATIONS, ...PATH_MUTATIONS],
    ...(idIn(valid.target) === undefined ? [] : ID_MUTATIONS),
    ...bodyMutations(valid),
    ...(parts.has("authorization") ? special.credentials : []),
    ...(isAboutOne(valid) ? special.strangers : []),
  ];
  return mutations.map((mutation) => ({ kind, mutation }));
}

function orderOf(text: string, seed: number): string {
  return createHash("sha256").update(`${seed} ${text}`).digest("hex");
}

/**
 * `count` of the cases in an order that the seed decides alone. Every part of every kind has its turn before any has a
 * second one, so few cases touch everything once.
 */
export function deal(cases: readonly Case[], seed: number, count: number): readonly Case[] {
  const groups = Map.groupBy(cases, ({ kind, mutation }) => `${kind.name} ${mutation.part}`);
  const rounds = [...groups.values()].flatMap((group) =>
    group
      .map((each) => ({ each, order: orderOf(nameOf(each), seed) }))
      .sort(byOrder)
      .map((dealt, round) => ({ ...dealt, round })),
  );
  return rounds
    .sort((a, b) => a.round - b.round || byOrder(a, b))
    .slice(0, count)
    .map(({ each }) => each);
}

function byOrder(a: { readonly order: string }, b: { readonly order: string }): number {
  return a.order < b.order ? -1 : 1;
}

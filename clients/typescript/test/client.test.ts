// Calls a running Slotbridge, whose address and tokens the environment names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, ProblemError, slotbridge } from "../src/client.js";

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const baseUrl = setting("SLOTBRIDGE_URL");
const customer = slotbridge({ baseUrl });
const owner = slotbridge({ baseUrl, token: () => setting("SLOTBRIDGE_OWNER") });
const query = { tenant: "t1" };
const window = { service: "cut", from: "2027-03-22T08:00:00+01:00", to: "2027-03-22T18:00:00+01:00" };

test("a customer finds a time, books it, moves it and cancels it", async () => {
  const found = await answered(customer.GET("/slots", { params: { query: { ...query, ...window } } }));
  const [first, second] = found.slots;
  assert.ok(first && second);

  const body = { service: "cut", start: first.start, customer: { name: "Zoe" } };
  const made = await answered(customer.POST("/bookings", { params: { query }, body }));
  const held = slotbridge({ baseUrl, token: () => made.management_token });
  const path = { booking: made.id };
  const moved = await answered(
    held.PATCH("/bookings/{booking}", { params: { path, query }, body: { start: second.start } }),
  );
  const ended = await answered(held.DELETE("/bookings/{booking}", { params: { path, query } }));

  assert.equal(made.status, "confirmed");
  assert.equal(Date.parse(moved.start), Date.parse(second.start));
  assert.equal(ended.status, "cancelled");
});

test("a refusal is an error with its stable code", async () => {
  const wrong = customer.GET("/slots", { params: { query: { ...query, ...window, service: "none" } } });

  await assert.rejects(answered(wrong), (error: unknown) => {
    assert.ok(error instanceof ProblemError);
    assert.equal(error.problem.code, "not_found");
    assert.equal(error.problem.status, 404);
    return true;
  });
});

test("an owner changes a record that was read, and the second of two editors is told", async () => {
  const path = { service: "cut" };
  const read = await owner.GET("/services/{service}", { params: { path } });
  const { id: _, ...service } = await answered(Promise.resolve(read));
  const tag = read.response.headers.get("ETag") ?? "";
  const put = (name: string) =>
    answered(
      owner.PUT("/services/{service}", {
        params: { path, header: { "If-Match": tag } },
        body: { ...service, name },
      }),
    );

  assert.equal((await put("Cut and wash")).name, "Cut and wash");
  await assert.rejects(put("Wash and cut"), { name: "ProblemError" });
});

test("what is no answer of Slotbridge is an error too", async () => {
  const fetch = async () => new Response("<html>Bad gateway</html>", { status: 502 });
  const lost = slotbridge({ baseUrl, fetch });

  await assert.rejects(answered(lost.GET("/services")), /502 unreadable_answer/);
});

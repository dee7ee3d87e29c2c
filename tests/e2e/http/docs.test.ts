import { expect, test } from '@jest/globals';
import { serve } from './support/serve.ts';
import { tokenAccess } from './support/tokens.ts';

test('The OpenAPI document and Swagger UI are shown without a token, and run nothing but their own files', async () => {
  const { get } = await serve({ access: tokenAccess });
  const document = await get('/openapi.json');
  expect(document).toMatchObject({ status: 200, body: { openapi: '3.1.0', info: { title: 'Annals' } } });
  const page = await get('/docs');
  const csp = page.headers.get('content-security-policy')!;
  expect(csp).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(csp).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  const scripts = [...String(page.body).matchAll(/<script([^>]*)>([^<]*)</g)];
  expect(scripts.length).toBeGreaterThan(0);
  for (const [, attributes, inline] of scripts) {
    expect(inline!.trim()).toBe('');
    const source = /src="([^"]*)"/.exec(attributes!)![1]!;
    const script = await get(new URL(source, 'http://local/docs').pathname);
    expect([source, script.status, script.headers.get('content-type')]).toEqual([
      ...[source, 200, expect.stringContaining('javascript')],
    ]);
  }
  // The bar of the other layout has a style of its own, which the policy refuses in every browser.
  const begins = await get('/docs/static/swagger-initializer.js');
  expect(begins.body).toMatch(/const config = \{"layout":"BaseLayout"\}/);
  expect((await get('/docs/json')).body).toEqual(document.body);
  expect((await get('/api/v1/projections')).status).toBe(401);
});

test('Without tokens they are shown to this machine only', async () => {
  const { call } = await serve();
  for (const path of ['/openapi.json', '/docs', '/docs/json']) {
    expect((await call('GET', path)).status).toBe(200);
    const foreign = await call('GET', path, { headers: { origin: 'https://evil.example' } });
    expect([path, foreign.status]).toEqual([path, 403]);
  }
});

test('They can be left out', async () => {
  const { get } = await serve({ docs: false });
  expect((await get('/openapi.json')).status).toBe(404);
  expect((await get('/docs')).status).toBe(404);
  expect((await get('/api/v1/events')).status).toBe(200);
});

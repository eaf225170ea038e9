// A bare server of pages that were taken from another one: what it costs to get the same bytes and
// show them, when nobody has to find out what they are.
import http from 'node:http';
import { gzipSync } from 'node:zlib';

const KEPT = ['content-type', 'content-security-policy', 'cache-control'];

/** Serves each path as `base` answered it once, whatever is asked for behind the question mark. */
export async function startStill(base, cookies, pages) {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const kept = new Map();
  const take = async (address) => {
    const answer = await fetch(new URL(address, base), { headers: { cookie } });
    const headers = KEPT.map((name) => [name, answer.headers.get(name)]).filter(([, value]) => value);
    const body = gzipSync(Buffer.from(await answer.arrayBuffer()));
    return { headers: { ...Object.fromEntries(headers), 'content-encoding': 'gzip' }, body };
  };
  for (const address of pages) kept.set(new URL(address, base).pathname, await take(address));
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, base);
    if (!kept.has(pathname)) kept.set(pathname, await take(pathname));
    const { headers, body } = kept.get(pathname);
    response.writeHead(200, headers).end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

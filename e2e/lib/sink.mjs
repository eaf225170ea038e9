// A mail server that keeps what it is given, on this machine alone.
import net from 'node:net';

/**
 * Starts the server: `settings` are the flags by which the binary finds it, `letters` what it was
 * given. While `refuses` is an answer such as `550 5.1.1 unknown`, recipients get that.
 */
export async function startSink() {
  const sink = { letters: [], refuses: undefined, settings: [] };
  const server = net.createServer((socket) => talk(socket, sink));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  sink.settings = [
    '--mail', 'smtp', '--mail-host', '127.0.0.1', '--mail-port', String(server.address().port),
    '--mail-security', 'none', '--mail-from', 'desk@clinic.example',
  ];
  sink.close = () => new Promise((resolve) => { server.close(resolve); });
  return sink;
}

function talk(socket, sink) {
  const say = (line) => socket.write(`${line}\r\n`);
  let letter = { to: [], data: undefined };
  let rest = '';
  socket.setEncoding('utf8');
  // A client that ends the connection is no fault of the server's.
  socket.on('error', () => {});
  socket.on('data', (text) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop();
    for (const line of lines) {
      if (letter.data === undefined) {
        letter = command(line, letter, say, sink);
      } else if (line === '.') {
        sink.letters.push({ to: letter.to, ...parts(letter.data) });
        letter = { to: [], data: undefined };
        say('250 taken');
      } else {
        letter.data.push(line.startsWith('.') ? line.slice(1) : line);
      }
    }
  });
  say('220 sink.example ESMTP');
}

/** Answers a line before the letter itself begins; returns the letter as it stands then. */
function command(line, letter, say, sink) {
  const word = line.split(/[ :]/)[0].toUpperCase();
  if (word === 'EHLO') {
    say('250-sink.example');
    say('250 8BITMIME');
  } else if (word === 'RCPT' && sink.refuses !== undefined) {
    say(sink.refuses);
  } else if (word === 'RCPT') {
    say('250 recipient');
    return { ...letter, to: [...letter.to, /<(.*)>/.exec(line)[1]] };
  } else if (word === 'DATA') {
    say('354 go on');
    return { ...letter, data: [] };
  } else if (word === 'QUIT') {
    say('221 bye');
  } else {
    say('250 ok');
    if (word === 'RSET') return { to: [], data: undefined };
  }
  return letter;
}

function parts(lines) {
  const gap = lines.indexOf('');
  const head = lines.slice(0, gap).join('\n');
  return { head, text: decoded(head, lines.slice(gap + 1)) };
}

/** What a letter says, whatever it was packed in on the way. */
function decoded(head, lines) {
  if (/^Content-Transfer-Encoding: base64$/mi.test(head)) {
    return Buffer.from(lines.join(''), 'base64').toString('utf8').replaceAll('\r\n', '\n');
  }
  if (!/^Content-Transfer-Encoding: quoted-printable$/mi.test(head)) return lines.join('\n');
  const joined = lines.join('\n').replaceAll('=\n', '');
  const bytes = joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

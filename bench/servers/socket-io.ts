/** Socket.IO 4 as documented: rooms, acknowledgements, the websocket transport only. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server } from 'socket.io';

import { serveControl } from './control.js';

interface Publication {
  channel: string;
  message: unknown;
}

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => {
  socket.on(
    'subscribe',
    (channel: string, acknowledge: (data: null) => void) => {
      void socket.join(channel);
      acknowledge(null);
    },
  );
  socket.on(
    'publish',
    (publication: Publication, acknowledge: (data: null) => void) => {
      io.to(publication.channel).emit('message', publication);
      acknowledge(null);
    },
  );
});
http.listen(0, '127.0.0.1', () =>
  serveControl((http.address() as AddressInfo).port),
);

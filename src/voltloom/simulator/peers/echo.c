/* The bare limit: accepts WebSocket upgrades and echoes every message, on one thread, with epoll.
 *
 * It does what no real server can avoid (read, unmask, write) and nothing else: no JSON, no storing, no limits, no
 * fragments. Figures of real servers are read against it. Usage: echo PORT   (127.0.0.1 only; ends on SIGTERM)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 16384, EVENTS = 512 };

struct peer {
    int fd;
    int upgraded;
    size_t held; /* bytes of an unfinished frame in `in` */
    unsigned char in[BUFFER];
};

/* ---- SHA-1 and base64, for Sec-WebSocket-Accept only */

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const unsigned char *text, size_t length, unsigned char out[20])
{
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char block[192] = {0};
    memcpy(block, text, length);
    block[length] = 0x80;
    size_t total = (length + 9 + 63) / 64 * 64;
    for (int i = 0; i < 8; i++) block[total - 1 - i] = (uint64_t)length * 8 >> (8 * i);
    for (size_t at = 0; at < total; at += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)block[at + 4 * i] << 24 | block[at + 4 * i + 1] << 16 | block[at + 4 * i + 2] << 8 | block[at + 4 * i + 3];
        for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f, k;
            if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
            else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
            else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
            else f = b ^ c ^ d, k = 0xCA62C1D6;
            uint32_t t = rotate(a, 5) + f + e + k + w[i];
            e = d, d = c, c = rotate(b, 30), b = a, a = t;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) out[i] = h[i / 4] >> (24 - 8 * (i % 4));
}

static void base64(const unsigned char *in, size_t length, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = in[i] << 16 | (i + 1 < length ? in[i + 1] << 8 : 0) | (i + 2 < length ? in[i + 2] : 0);
        *out++ = alphabet[three >> 18 & 63];
        *out++ = alphabet[three >> 12 & 63];
        *out++ = i + 1 < length ? alphabet[three >> 6 & 63] : '=';
        *out++ = i + 2 < length ? alphabet[three & 63] : '=';
    }
    *out = 0;
}

/* ---- */

static int upgrade(struct peer *peer)
{
    peer->in[peer->held < BUFFER ? peer->held : BUFFER - 1] = 0;
    char *text = (char *)peer->in;
    if (!strstr(text, "\r\n\r\n")) return 0;
    char *key = strcasestr(text, "\r\nSec-WebSocket-Key:"), protocol[64] = "", *offered = strcasestr(text, "\r\nSec-WebSocket-Protocol:");
    if (!key) return -1;
    key += 20;
    key += strspn(key, " ");
    if (offered) {
        offered += 25;
        offered += strspn(offered, " ");
        snprintf(protocol, sizeof protocol, "%.*s", (int)strcspn(offered, ", \r\n"), offered);
    }
    unsigned char joined[128], digest[20];
    int length = snprintf((char *)joined, sizeof joined, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, " \r\n"), key);
    char accept[32], answer[512];
    sha1(joined, length, digest);
    base64(digest, 20, accept);
    length = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
                      accept, *protocol ? "Sec-WebSocket-Protocol: " : "", protocol, *protocol ? "\r\n" : "");
    peer->upgraded = 1;
    peer->held = 0;
    return write(peer->fd, answer, length) == length ? 0 : -1;
}

/* Echo every whole frame in the buffer; keep what is not whole. */
static int echo(struct peer *peer)
{
    static unsigned char out[BUFFER];
    size_t at = 0, filled = 0;
    for (;;) {
        unsigned char *frame = peer->in + at;
        size_t left = peer->held - at, head = 6;
        if (left < 6) break;
        size_t length = frame[1] & 127;
        if (length == 126) length = frame[2] << 8 | frame[3], head = 8;
        else if (length == 127) return -1;
        if (left < head + length) break;
        if ((frame[0] & 15) == 8) return -1;
        unsigned char *mask = frame + head - 4, *body = frame + head;
        size_t front = length < 126 ? 2 : 4;
        out[filled] = (frame[0] & 15) == 9 ? 0x8A : frame[0];
        if (length < 126) out[filled + 1] = length;
        else out[filled + 1] = 126, out[filled + 2] = length >> 8, out[filled + 3] = length;
        for (size_t i = 0; i < length; i++) out[filled + front + i] = body[i] ^ mask[i & 3];
        filled += front + length;
        at += head + length;
    }
    memmove(peer->in, peer->in + at, peer->held - at);
    peer->held -= at;
    return filled == 0 || write(peer->fd, out, filled) == (ssize_t)filled ? 0 : -1;
}

int main(int count, char **words)
{
    if (count != 2) return fprintf(stderr, "usage: echo PORT\n"), 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("echo"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            if (!peer) {
                int fd;
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    peer = calloc(1, sizeof *peer);
                    peer->fd = fd;
                    struct epoll_event mine = {.events = EPOLLIN, .data.ptr = peer};
                    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &mine);
                }
                continue;
            }
            ssize_t got = read(peer->fd, peer->in + peer->held, BUFFER - 1 - peer->held);
            if (got < 0 && errno == EAGAIN) continue;
            int bad = got <= 0;
            if (!bad) {
                peer->held += got;
                bad = peer->upgraded ? echo(peer) : upgrade(peer);
            }
            if (bad) close(peer->fd), free(peer);
        }
    }
}

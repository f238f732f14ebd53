/* libspandsp as a second opinion, on raw 16-bit samples at 8 kHz:
 *   spandsp echo TAPS             pairs of samples (sent, received) in, what is left of the second out
 *   spandsp cost TAPS             the same pairs in, microseconds of CPU that this took out
 *   spandsp read clip|class|jclip samples in, the messages that it reads out as lines of hex
 *   spandsp keys                  samples in, the DTMF keys that it hears out
 *   spandsp say  clip|class|jclip NUMBER NAME   samples of such a message out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <spandsp.h>

static int standard_of(const char *name)
{
    if (strcmp(name, "clip") == 0) return ADSI_STANDARD_CLIP;
    if (strcmp(name, "jclip") == 0) return ADSI_STANDARD_JCLIP;
    return ADSI_STANDARD_CLASS;
}

static void told(void *user, const uint8_t *octets, int len)
{
    (void) user;
    for (int at = 0; at < len; at++) printf("%02x", octets[at]);
    printf("\n");
}

static int cancel(int taps)
{
    echo_can_state_t *canceller = echo_can_init(taps, ECHO_CAN_USE_ADAPTION);
    int16_t pair[2];
    /* The library writes notes of its own to standard output. */
    FILE *out = fdopen(dup(1), "w");
    if (out == NULL || freopen("/dev/null", "w", stdout) == NULL) return 1;
    while (fread(pair, sizeof pair, 1, stdin) == 1) {
        int16_t left = echo_can_update(canceller, pair[0], pair[1]);
        fwrite(&left, sizeof left, 1, out);
    }
    return fclose(out);
}

static int cost(int taps)
{
    size_t room = 1 << 20, len = 0, got;
    int16_t (*pairs)[2] = malloc(room * sizeof *pairs);
    while (pairs != NULL && (got = fread(pairs[len], sizeof *pairs, room - len, stdin)) > 0) {
        len += got;
        if (len == room) pairs = realloc(pairs, (room *= 2) * sizeof *pairs);
    }
    echo_can_state_t *canceller = echo_can_init(taps, ECHO_CAN_USE_ADAPTION);
    if (pairs == NULL || canceller == NULL) return 1;
    FILE *out = fdopen(dup(1), "w");
    if (out == NULL || freopen("/dev/null", "w", stdout) == NULL) return 1;
    clock_t begin = clock();
    for (size_t at = 0; at < len; at++) echo_can_update(canceller, pairs[at][0], pairs[at][1]);
    fprintf(out, "%.0f\n", (double) (clock() - begin) * 1e6 / CLOCKS_PER_SEC);
    return fclose(out);
}

static int read_caller(int standard)
{
    adsi_rx_state_t *receiver = adsi_rx_init(NULL, standard, told, NULL);
    int16_t block[160];
    size_t len;
    while ((len = fread(block, sizeof block[0], 160, stdin)) > 0) adsi_rx(receiver, block, (int) len);
    return 0;
}

static void pressed(void *user, const char *keys, int len)
{
    (void) user;
    printf("%.*s", len, keys);
}

static int read_keys(void)
{
    dtmf_rx_state_t *receiver = dtmf_rx_init(NULL, pressed, NULL);
    int16_t block[160];
    size_t len;
    while ((len = fread(block, sizeof block[0], 160, stdin)) > 0) dtmf_rx(receiver, block, (int) len);
    return 0;
}

static int say(int standard, const char *number, const char *name)
{
    adsi_tx_state_t *sender = adsi_tx_init(NULL, standard);
    uint8_t message[256];
    int japanese = standard == ADSI_STANDARD_JCLIP;
    int len = adsi_add_field(sender, message, -1, japanese ? JCLIP_MDMF_CALLERID : CLIP_MDMF_CALLERID, NULL, 0);
    len = adsi_add_field(sender, message, len, japanese ? JCLIP_CALLER_NUMBER : CLIP_CALLER_NUMBER,
                         (const uint8_t *) number, (int) strlen(number));
    if (!japanese)
        len = adsi_add_field(sender, message, len, CLIP_CALLER_NAME, (const uint8_t *) name, (int) strlen(name));
    adsi_tx_put_message(sender, message, len);
    int16_t block[160];
    for (int blocks = 0; blocks < 200; blocks++) {
        memset(block, 0, sizeof block);
        adsi_tx(sender, block, 160);
        fwrite(block, sizeof block, 1, stdout);
    }
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "echo") == 0) return cancel(atoi(words[2]));
    if (count == 3 && strcmp(words[1], "cost") == 0) return cost(atoi(words[2]));
    if (count == 2 && strcmp(words[1], "keys") == 0) return read_keys();
    if (count == 3 && strcmp(words[1], "read") == 0) return read_caller(standard_of(words[2]));
    if (count == 5 && strcmp(words[1], "say") == 0) return say(standard_of(words[2]), words[3], words[4]);
    return 2;
}

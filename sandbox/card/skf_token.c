/* A token with a library of GM/T 0016: PIN, tries, containers and handles are kept here,
 * its SM2 is OpenSSL's. It shares no code with the program. ULONG is what the build says.
 * token_... is how a test sets it up; `lie` names what it does wrong, `pull` the call before which
 * it is taken out. */

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#ifndef ULONG
#define ULONG unsigned int
#endif
typedef int BOOL;
typedef unsigned char BYTE;

enum {
    OK = 0,
    FAIL = 0x0A000001,
    INVALID_HANDLE = 0x0A000005,
    IN_DATA_LENGTH = 0x0A000010,
    CERTIFICATE_NOT_FOUND = 0x0A00001C,
    BUFFER_TOO_SMALL = 0x0A000020,
    DEVICE_REMOVED = 0x0A000023,
    PIN_INCORRECT = 0x0A000024,
    PIN_LOCKED = 0x0A000025,
    PIN_LENGTH = 0x0A000027,
    NOT_LOGGED_IN = 0x0A00002D,
    TRIES = 3,
    USER = 1,
    DIGEST_BYTES = 32,
    NUMBER_BYTES = 64
};

typedef struct {
    BYTE r[NUMBER_BYTES];
    BYTE s[NUMBER_BYTES];
} SIGNATURE;

static const char DEVICES[] = "\xCD\xA8\xB1\xA3 Key 1\0"; /* GB 18030 */
static const char APPLICATIONS[] = "empty\0tongbao\0";
static const char CONTAINERS[] = "encryption\0signing\0";

static char device, empty, application, encryption, signing; /* their addresses are the handles */
static EVP_PKEY *key;
static BYTE certificate[8192];
static size_t certificate_bytes;
static char pin[17], lie[32], pull[32];
static int present, tries, logged_in, open_handles;

void token_make(const char *pem, const BYTE *cert, unsigned int bytes, const char *secret)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY_free(key);
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    memcpy(certificate, cert, bytes);
    certificate_bytes = bytes;
    strcpy(pin, secret);
    lie[0] = pull[0] = 0;
    present = 1;
    tries = TRIES;
    logged_in = open_handles = 0;
}

void token_lie(const char *what) { strcpy(lie, what); }
void token_pull(const char *before) { strcpy(pull, before); }
void token_present(int now) { present = now; }
int token_tries(void) { return tries; }
int token_logged_in(void) { return logged_in; }
int token_open_handles(void) { return open_handles; }
int token_has_key(void) { return key != NULL; }

static int lies(const char *what) { return strcmp(lie, what) == 0; }

/* every call begins so: 0, or what to return at once */
static ULONG begun(const char *name, const void *handle, const void *right)
{
    if (strcmp(pull, name) == 0)
        present = 0;
    if (!present && right)
        return lies("removed without a word") ? FAIL : DEVICE_REMOVED;
    return handle == right ? OK : INVALID_HANDLE;
}

static ULONG told(char *to, ULONG *bytes, const void *what, size_t length)
{
    ULONG room = *bytes;
    *bytes = length;
    if (!to)
        return OK;
    if (room < length)
        return BUFFER_TOO_SMALL;
    memcpy(to, what, length);
    return OK;
}

ULONG SKF_EnumDev(BOOL is_present, char *names, ULONG *bytes)
{
    if (lies("devices without end")) {
        *bytes = 0x7FFFFFFF;
        return OK;
    }
    (void)is_present;
    if (strcmp(pull, "EnumDev") == 0)
        present = 0;
    return present ? told(names, bytes, DEVICES, sizeof DEVICES) : told(names, bytes, "", 1);
}

ULONG SKF_ConnectDev(const char *name, void **handle)
{
    ULONG result = begun("ConnectDev", &device, &device);
    if (result != OK || strcmp(name, DEVICES) != 0)
        return result ? result : FAIL;
    *handle = &device;
    open_handles++;
    return OK;
}

ULONG SKF_DisConnectDev(void *handle)
{
    open_handles -= handle == &device;
    return begun("DisConnectDev", handle, &device);
}

ULONG SKF_EnumApplication(void *handle, char *names, ULONG *bytes)
{
    ULONG result = begun("EnumApplication", handle, &device);
    return result ? result : told(names, bytes, APPLICATIONS, sizeof APPLICATIONS);
}

ULONG SKF_OpenApplication(void *handle, const char *name, void **found)
{
    ULONG result = begun("OpenApplication", handle, &device);
    if (result)
        return result;
    *found = strcmp(name, "tongbao") == 0 ? &application : &empty;
    open_handles++;
    return OK;
}

ULONG SKF_CloseApplication(void *handle)
{
    int is_one = handle == &application || handle == &empty;
    open_handles -= is_one;
    return begun("CloseApplication", handle, is_one ? handle : &application);
}

ULONG SKF_ClearSecureState(void *handle)
{
    logged_in = 0;
    return begun("ClearSecureState", handle, handle == &empty ? &empty : &application);
}

int SKF_GetPINInfo(void *handle, ULONG type, ULONG *most, ULONG *left, BOOL *is_default)
{
    ULONG result = begun("GetPINInfo", handle, &application);
    if (result || type != USER)
        return result ? (int)result : FAIL;
    *most = TRIES;
    *left = lies("tries without end") ? 0xFFFFFFFF : (ULONG)tries;
    *is_default = 0;
    return OK;
}

static ULONG tried(const char *typed, ULONG *left)
{
    if (!tries) {
        *left = 0;
        return PIN_LOCKED;
    }
    if (strlen(typed) < 6 || strlen(typed) > 16)
        return PIN_LENGTH;
    if (strcmp(typed, pin) != 0) {
        *left = lies("tries without end") ? 0xFFFFFFFF : (ULONG)--tries;
        return PIN_INCORRECT;
    }
    tries = TRIES;
    return OK;
}

ULONG SKF_VerifyPIN(void *handle, ULONG type, const char *typed, ULONG *left)
{
    ULONG result = begun("VerifyPIN", handle, &application);
    if (!result)
        result = type == USER ? tried(typed, left) : FAIL;
    logged_in = result == OK;
    return result;
}

ULONG SKF_ChangePIN(void *handle, ULONG type, const char *old, const char *new, ULONG *left)
{
    ULONG result = begun("ChangePIN", handle, &application);
    if (!result)
        result = type == USER ? tried(old, left) : FAIL;
    if (!result)
        strcpy(pin, new);
    return result;
}

ULONG SKF_EnumContainer(void *handle, char *names, ULONG *bytes)
{
    int is_empty = handle == &empty;
    ULONG result = begun("EnumContainer", handle, is_empty ? &empty : &application);
    if (result)
        return result;
    return is_empty ? told(names, bytes, "\0", 2) : told(names, bytes, CONTAINERS, sizeof CONTAINERS);
}

ULONG SKF_OpenContainer(void *handle, const char *name, void **found)
{
    ULONG result = begun("OpenContainer", handle, &application);
    if (result)
        return result;
    *found = strcmp(name, "signing") == 0 ? &signing : &encryption;
    open_handles++;
    return OK;
}

ULONG SKF_CloseContainer(void *handle)
{
    int is_one = handle == &signing || handle == &encryption;
    open_handles -= is_one;
    return begun("CloseContainer", handle, is_one ? handle : &signing);
}

ULONG SKF_ExportCertificate(void *handle, BOOL is_signing, char *to, ULONG *bytes)
{
    ULONG result = begun("ExportCertificate", handle, handle == &encryption ? handle : &signing);
    if (result)
        return result;
    if (handle == &encryption || !is_signing || lies("no certificate"))
        return CERTIFICATE_NOT_FOUND;
    if (lies("a certificate without end")) {
        *bytes = 0x7FFFFFFF;
        return OK;
    }
    result = told(to, bytes, certificate, certificate_bytes);
    if (lies("a certificate cut off"))
        *bytes = 100;
    if (lies("a certificate of nothing"))
        *bytes = 0;
    if (lies("garbage for a certificate") && to)
        memset(to, 0xFF, certificate_bytes);
    return result;
}

static int signature_of(const BYTE *digest, SIGNATURE *to)
{
    BYTE der[128];
    const BYTE *at = der;
    size_t bytes = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    ECDSA_SIG *found = NULL;
    if (EVP_PKEY_sign_init(context) > 0 && EVP_PKEY_sign(context, der, &bytes, digest, DIGEST_BYTES) > 0)
        found = d2i_ECDSA_SIG(NULL, &at, (long)bytes);
    EVP_PKEY_CTX_free(context);
    if (!found)
        return 0;
    BN_bn2binpad(ECDSA_SIG_get0_r(found), to->r, NUMBER_BYTES);
    BN_bn2binpad(ECDSA_SIG_get0_s(found), to->s, NUMBER_BYTES);
    ECDSA_SIG_free(found);
    return 1;
}

ULONG SKF_ECCSignData(void *handle, const BYTE *digest, ULONG bytes, SIGNATURE *to)
{
    ULONG result = begun("ECCSignData", handle, &signing);
    if (result)
        return result;
    if (!logged_in)
        return NOT_LOGGED_IN;
    if (bytes != DIGEST_BYTES)
        return IN_DATA_LENGTH;
    if (lies("refuses to sign") || !signature_of(lies("a signature over something else") ? to->r : digest, to))
        return FAIL;
    if (lies("a signature of zeros"))
        memset(to, 0, sizeof *to);
    if (lies("a signature out of range"))
        memset(to->r + DIGEST_BYTES, 0xFF, DIGEST_BYTES);
    if (lies("a signature at the wrong end"))
        memmove(to->r, to->r + DIGEST_BYTES, DIGEST_BYTES);
    return OK;
}

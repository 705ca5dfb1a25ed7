/*
 * What libmicrohttpd calls of GnuTLS, for static programs: Debian has no static library of all that GnuTLS
 * needs. lathe serves HTTP alone, so none of these functions runs but the first two.
 */
#include <stdlib.h>

int gnutls_global_init(void);
void gnutls_global_deinit(void);
const char *gnutls_strerror(int code);
extern void *(*gnutls_malloc)(size_t);

int gnutls_global_init(void) { return 0; }
void gnutls_global_deinit(void) {}
const char *gnutls_strerror(int code) { return (void)code, "this program has no TLS"; }
void *(*gnutls_malloc)(size_t) = malloc;

/* A function that fails. */
#define FAILS(name) \
    int gnutls_##name(void); \
    int gnutls_##name(void) { return -1; }

FAILS(alpn_set_protocols)
FAILS(bye)
FAILS(certificate_allocate_credentials)
FAILS(certificate_free_credentials)
FAILS(certificate_server_set_request)
FAILS(certificate_set_dh_params)
FAILS(certificate_set_retrieve_function2)
FAILS(certificate_set_retrieve_function3)
FAILS(certificate_set_x509_key_mem)
FAILS(certificate_set_x509_key_mem2)
FAILS(certificate_set_x509_trust_mem)
FAILS(cipher_get)
FAILS(credentials_set)
FAILS(deinit)
FAILS(dh_params_deinit)
FAILS(dh_params_import_pkcs3)
FAILS(dh_params_init)
FAILS(handshake)
FAILS(init)
FAILS(priority_deinit)
FAILS(priority_init)
FAILS(priority_set)
FAILS(protocol_get_version)
FAILS(psk_allocate_server_credentials)
FAILS(psk_free_server_credentials)
FAILS(psk_set_server_credentials_function)
FAILS(record_check_pending)
FAILS(record_get_direction)
FAILS(record_recv)
FAILS(record_send)
FAILS(session_get_ptr)
FAILS(session_set_ptr)
FAILS(transport_set_int2)

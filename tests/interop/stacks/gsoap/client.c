/* gSOAP as a foreign client, with the code that wsdl2h and soapcpp2 write from our contract: one Ping at an address,
   in SOAP 1.1 or 1.2: client URL 1|2. Prints "answer CONTRACT ECHO" or "fault CODE SENTENCE"; it sends no UsernameToken. */
#include "PostalTrackingSoap11.nsmap"
#include "soapH.h"

static struct _ns1__ServiceFault *told(struct SOAP_ENV__Fault *fault) {
  struct SOAP_ENV__Detail *detail = !fault ? NULL : fault->detail ? fault->detail : fault->SOAP_ENV__Detail;
  return detail ? detail->ns1__ServiceFault : NULL;
}

int main(int count, char **arguments) {
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING);
  struct _ns1__Ping ping = {"xin ch\xc3\xa0o"};
  struct _ns1__PingResponse reply;
  if (count != 3) return 2;
  soap_set_version(soap, (short)atoi(arguments[2]));
  if (soap_call___ns1__Ping(soap, arguments[1], NULL, &ping, &reply) == SOAP_OK) {
    printf("answer %s %s\n", reply.contractVersion, reply.echo);
  } else if (told(soap->fault)) {
    printf("fault %s %s\n", told(soap->fault)->code, told(soap->fault)->messageVi);
  } else {
    soap_print_fault(soap, stderr);
    return 1;
  }
  soap_destroy(soap);
  soap_end(soap);
  soap_free(soap);
  return 0;
}

<?php
// ext-soap as a foreign client: one JSON object a line in, one out, until stdin ends (see tests/interop/drivers.py).
declare(strict_types=1);

const SECEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const UTILITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const DIGEST = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

// ext-soap has no WS-Security: everybody writes the header as text.
function security(string $user, string $password): SoapHeader
{
    $nonce = random_bytes(16);
    $created = gmdate('Y-m-d\TH:i:s\Z');
    $digest = base64_encode(sha1($nonce . $created . $password, true));
    $xml = sprintf(
        '<w:Security xmlns:w="%s" xmlns:u="%s"><w:UsernameToken><w:Username>%s</w:Username>'
        . '<w:Password Type="%s">%s</w:Password><w:Nonce EncodingType="%s">%s</w:Nonce>'
        . '<u:Created>%s</u:Created></w:UsernameToken></w:Security>',
        SECEXT, UTILITY, htmlspecialchars($user), DIGEST, $digest, BASE64, base64_encode($nonce), $created
    );
    return new SoapHeader(SECEXT, 'Security', new SoapVar($xml, XSD_ANYXML), true);
}

function client(array $job): SoapClient
{
    static $clients = [];
    $name = "{$job['wsdl']} {$job['version']} " . ($job['gzip'] ? 'gzip' : '');
    if (!isset($clients[$name])) {
        $options = [
            'soap_version' => $job['version'] === '1.2' ? SOAP_1_2 : SOAP_1_1,
            'cache_wsdl' => WSDL_CACHE_NONE,
            'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
            'exceptions' => true,
        ];
        if ($job['gzip']) {
            $options['compression'] = SOAP_COMPRESSION_ACCEPT | SOAP_COMPRESSION_GZIP | 5; // both ways
        }
        $clients[$name] = new SoapClient($job['wsdl'], $options);
    }
    $clients[$name]->__setLocation($job['url']);
    return signed($clients[$name], $job);
}

// A nonce is for one call: the header is made anew before each.
function signed(SoapClient $client, array $job): SoapClient
{
    $client->__setSoapHeaders([security($job['user'], $job['password'])]);
    return $client;
}

function ping(SoapClient $client, array $job): array
{
    $reply = $client->Ping($job['echo'] === null ? [] : ['echo' => $job['echo']]);
    return ['echo' => $reply->echo ?? null, 'accepting' => $reply->accepting, 'contract' => $reply->contractVersion];
}

function history(SoapClient $client, array $job): array
{
    $reply = $client->GetItemHistory(['itemNumber' => $job['number']]);
    $events = array_map(fn ($event) => [
        'code' => $event->code->_,
        'list' => $event->code->list,
        'at' => (new DateTimeImmutable($event->occurred->at))->getTimestamp(),
        'text' => $event->text ?? null,
    ], $reply->events->event ?? []);
    return [
        'found' => $reply->found,
        'complete' => $reply->complete,
        'next' => $reply->nextPageToken ?? null,
        'events' => $events,
    ];
}

function push(SoapClient $client, array $job): array
{
    $events = array_map(fn ($event) => array_filter([
        'itemNumber' => $event['number'],
        'code' => ['_' => $event['code'], 'list' => $event['list']],
        'text' => $event['text'],
        'occurred' => ['at' => $event['at'], 'precision' => 'SECOND'],
    ], fn ($value) => $value !== null), $job['events']);
    $reply = $client->PushEvents([
        'batchId' => $job['batch'],
        'sender' => $job['user'],
        'sentAt' => $job['sent_at'],
        'events' => ['event' => $events],
    ]);
    $results = array_map(fn ($one) => [$one->index, $one->outcome, $one->code ?? null], $reply->results->result);
    return [
        'repeated' => $reply->repeated,
        'accepted' => $reply->accepted,
        'rejected' => $reply->rejected,
        'results' => $results,
    ];
}

function others(SoapClient $client, array $job): array
{
    $ticket = $client->OpenTicket(['requestId' => $job['name'], 'items' => ['itemNumber' => [$job['number']]]]);
    $page = signed($client, $job)->GetItemsByTicket(['ticketId' => $ticket->ticketId, 'page' => 1]);
    $manifest = signed($client, $job)->ConfirmManifest([
        'requestId' => $job['name'],
        'manifestNumber' => $job['name'],
        'revision' => 1,
        'role' => 'GIVING',
        'office' => ['code' => 'H99.01', 'scheme' => 'UNIT'],
        'counterparty' => ['code' => 'H99.02', 'scheme' => 'UNIT'],
        'confirmedAt' => $job['at'],
        'confirmedBy' => 'nv-07',
        'expected' => 1,
        'found' => 1,
        'lines' => ['line' => [['itemNumber' => $job['number'], 'outcome' => 'PRESENT']]],
    ]);
    return [
        'state' => $page->state,
        'page' => $page->page,
        'items' => count($page->items->item ?? []),
        'manifest' => $manifest->status,
        'revision' => $manifest->revision,
    ];
}

function answer(array $job): array
{
    try {
        return match ($job['operation']) {
            'ping' => ping(client($job), $job),
            'history' => history(client($job), $job),
            'push' => push(client($job), $job),
            'others' => others(client($job), $job),
        };
    } catch (SoapFault $fault) {
        $detail = $fault->detail->ServiceFault ?? null;
        if ($detail === null) {
            return ['error' => "{$fault->faultcode}: {$fault->getMessage()}"];
        }
        $side = substr(strrchr(":{$fault->faultcode}", ':'), 1);
        return ['fault' => ['side' => $side, 'code' => $detail->code, 'vi' => $detail->messageVi]];
    }
}

echo json_encode(['ready' => true, 'stack' => PHP_VERSION, 'on' => 'libxml ' . LIBXML_DOTTED_VERSION]), "\n";
while (($line = fgets(STDIN)) !== false) {
    echo json_encode(answer(json_decode($line, true, 512, JSON_THROW_ON_ERROR)), JSON_THROW_ON_ERROR), "\n";
}

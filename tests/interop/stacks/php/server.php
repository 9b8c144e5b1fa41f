<?php
// ext-soap as a foreign server. Started by hand it starts PHP's own web server with itself as the script and tells the
// port; asked by that web server it answers one call. POST /VERSION/WIRE, e.g. /1.1/gzip (see tests/interop/drivers.py).
declare(strict_types=1);

final class Post
{
    public function __construct(private array $scenarios)
    {
    }

    // ext-soap takes a header for understood when there is a method of its name.
    public function Security(mixed $block): void
    {
    }

    public function GetItemHistory(object $asked): array
    {
        $told = $this->scenarios[$asked->itemNumber];
        if (isset($told['fault'])) {
            throw self::fault($told['fault']);
        }
        usleep(1000 * ($told['wait_ms'] ?? 0));
        $reply = [
            'itemNumber' => $asked->itemNumber,
            'found' => true,
            'complete' => true,
            'asOf' => gmdate('Y-m-d\TH:i:s\Z'),
        ];
        if (isset($told['status'])) {
            $reply['status'] = ['_' => $told['status'], 'list' => 'LT-MOVEMENT'];
            $reply['terminal'] = $told['terminal'];
        }
        $events = [];
        foreach ($told['events'] as $event) {
            $shared = self::event($event, $asked->itemNumber);
            for ($n = 0; $n < ($event['repeat'] ?? 1); $n++) {
                $events[] = isset($event['shared']) ? $shared : self::event($event, $asked->itemNumber);
            }
        }
        return $reply + ['events' => ['event' => $events]];
    }

    public function Ping(object $asked): array
    {
        $echo = isset($asked->echo) ? ['echo' => $asked->echo] : [];
        $now = gmdate('Y-m-d\TH:i:s\Z');
        return $echo + ['serverTime' => $now, 'contractVersion' => '1.0', 'accepting' => true];
    }

    private static function event(array $told, string $number): array
    {
        return array_filter([
            'eventId' => $told['id'] ?? null,
            'itemNumber' => $number,
            'code' => ['_' => $told['code'], 'list' => 'M40'],
            'text' => $told['text'] ?? null,
            'occurred' => ['at' => $told['at'], 'precision' => 'SECOND'],
            'evidence' => isset($told['uri']) ? [self::evidence($told['uri'])] : null,
        ], fn ($value) => $value !== null);
    }

    private static function evidence(string $uri): array
    {
        return [
            'kind' => ['_' => 'SIGNATURE', 'list' => 'LT-EVIDENCE'],
            'sha256' => str_repeat("\xab", 32), // ext-soap writes the hexadecimal digits of a hexBinary itself
            'mediaType' => 'image/png',
            'bytes' => 9,
            'uri' => $uri,
        ];
    }

    private static function fault(array $told): SoapFault
    {
        $detail = [
            'code' => $told['code'],
            'retryable' => $told['retryable'],
            'retryAfterSeconds' => $told['after_s'],
            'correlationId' => 'php-1',
            'messageVi' => $told['vi'],
            'messageEn' => $told['en'],
            'violations' => new stdClass(),
        ];
        return new SoapFault('Server', $told['en'], null, (object) ['ServiceFault' => $detail], 'ServiceFault');
    }
}

function answer(): void
{
    [, $version, $wire] = explode('/', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
    if ($wire === 'gzip') {
        ini_set('zlib.output_compression', '1');
    }
    $options = ['soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1, 'cache_wsdl' => WSDL_CACHE_NONE];
    $server = new SoapServer(getenv('INTEROP_WSDL'), $options);
    $server->setObject(new Post(json_decode(file_get_contents(getenv('INTEROP_SCENARIOS')), true)));
    $server->handle();
}

function launch(string $wsdl, string $scenarios): void
{
    $free = stream_socket_server('tcp://127.0.0.1:0');
    $address = stream_socket_get_name($free, false);
    fclose($free);
    $pipes = [STDIN, STDERR, STDERR];
    $environment = ['INTEROP_WSDL' => $wsdl, 'INTEROP_SCENARIOS' => $scenarios] + getenv();
    $child = proc_open([PHP_BINARY, '-q', '-S', $address, __FILE__], [['pipe', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes, null, $environment);
    for ($tries = 0; $tries < 500 && !($up = @stream_socket_client("tcp://$address")); $tries++) {
        usleep(20000);
    }
    $port = (int) substr(strrchr($address, ':'), 1);
    echo json_encode(['ready' => (bool) $up, 'port' => $port, 'stack' => PHP_VERSION]), "\n";
    stream_get_contents(STDIN);
    proc_terminate($child);
}

PHP_SAPI === 'cli' ? launch($argv[1], $argv[2]) : answer();

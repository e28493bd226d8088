# Writes tokens with Crypt::JWT. Reads {"key": ..., "payloads": [...]} and prints for each payload a token. `key` is
# hexadecimal. Perl gives the members of a hash no order, so headers differ from token to token.
use strict;
use warnings;
use Crypt::JWT qw(encode_jwt);
use Encode qw(encode_utf8);
use JSON;

my $request = decode_json(do { local $/; <STDIN> });
my $key = pack('H*', $request->{key});
my @tokens = map { encode_jwt(payload => encode_utf8($_), key => $key, alg => 'dir', enc => 'A256GCM') }
  @{ $request->{payloads} };
print encode_json(\@tokens);

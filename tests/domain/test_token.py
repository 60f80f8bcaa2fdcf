from voltloom.domain.token import IdToken, TokenKind


def test_tokens_are_the_same_whatever_their_case():
    assert IdToken("04a1b2").key == IdToken("04A1B2", TokenKind.ISO14443).key

"""Who issues which numbers, and which are reserved or printed as an example everywhere.

Facts that ``hints`` weighs a candidate against, from the bodies named beside each: a number in one of
the lists of examples is nobody's. Data only; entries are only added.
"""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


GENERAL_DOMAINS: Final = _listed(
    """
    com org net edu gov mil int info biz name pro aero coop museum jobs mobi app dev online site xyz
    tech store cloud email live blog shop club world today agency digital media news academy
    """
)
"""General domains that people have addresses under, beside every country's two letters: `a@b.shape` is code."""
EXAMPLE_DOMAINS: Final = _listed(
    """
    example.com example.org example.net example.edu domain.com yourdomain.com mydomain.com company.com
    yourcompany.com mycompany.com abc.com xyz.com abccompany.com xyzcompany.com test.com website.com
    yourwebsite.com email.com address.com site.com host.com server.com
    """
)
"""Reserved by RFC 2606, or standing for "your own" in forms and manuals."""
RESERVED_TOP: Final = _listed(
    """
    example test invalid localhost local
    """
)
"""RFC 2606 and RFC 6761: names that never belong to anybody."""
FILE_ENDINGS: Final = _listed(
    """
    js ts cs rb go db md py sh
    """
)
"""Two letters that end the names of files; some are countries' too, but mean a file in most texts."""
EXAMPLE_LOCALS: Final = _listed(
    """
    git you your yourname your_name your.name your-name youremail your_email your.email your-email
    username user_name user email someone somebody name firstname.lastname recipient sender example test
    foo bar john.doe jane.doe johndoe janedoe jdoe john_doe jane_doe
    """
)
"""Parts before the sign that stand for anybody; `git@host` is where a repository lies."""
CALLING_CODES: Final = _listed(
    """
    1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65
    66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230
    231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255
    256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356
    357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501
    502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677
    678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963
    964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998
    """
)
"""ITU-T E.164: country codes in service."""
SERVICE_CODES: Final = _listed(
    """
    800 833 844 855 866 877 888 900
    """
)
"""North American area codes that reach a business or an information service, never one person."""
FICTION: Final = tuple(
    sorted(
        _listed(
            """
    447700900 442079460 441632960 441154960 441214960 441314960 441414960 61491570
    """
        )
    )
)
"""Starts of numbers set aside for films and books by the regulators of Britain (Ofcom) and Australia (ACMA)."""
TEST_CARDS: Final = _listed(
    """
    4111111111111111 4242424242424242 4012888888881881 4000056655665556 4222222222222 4917610000000000
    4007000000027 4532015112830366 4539578763621486 4485275742308327 4716108999716531 4539148803436467
    5555555555554444 5105105105105100 5200828282828210 5454545454545454 5425233430109903
    5500000000000004 2223003122003222 2222420000001113 2223000048410010 4263982640269299
    4917484589897107 4001919257537193 378282246310005 371449635398431 378734493671000 374245455400126
    340000000000009 6011111111111117 6011000990139424 6011000000000004 6011556448578945 30569309025904
    38520000023237 36227206271667 3530111333300000 3566002020360505 3566000020000410 6759649826438453
    4000000000000002 4000000000000010 4242424242424241 1234567812345670 4539319503436467
    4556737586899855 4024007136512380 4532111111111112
    """
)
"""Card numbers that payment services publish for tests, and those that manuals and articles repeat."""
IBAN_LENGTHS: Final = {
    entry[:2]: int(entry[2:])
    for entry in _listed(
        """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29
    ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
    LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25
    QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
    """
    )
}
"""SWIFT's IBAN registry: country -> length of its account numbers."""
EXAMPLE_IBANS: Final = _listed(
    """
    GB82WEST12345698765432 GB29NWBK60161331926819 GB33BUKB20201555555555 DE89370400440532013000
    DE75512108001245126199 FR1420041010050500013M02606 FR7630006000011234567890189 NL91ABNA0417164300
    NL02ABNA0123456789 CH9300762011623852957 ES9121000418450200051332 ES7921000813610123456789
    BE68539007547034 BE71096123456769 IT60X0542811101000000123456 GR1601101250000000012300695
    SA0380000000608010167519 AT611904300234573201 IE29AIBK93115212345678 IE64IRCE92050112345678
    PL61109010140000071219812874 SE4550000000058398257466 NO9386011117947 DK5000400440116243
    FI2112345600000785 PT50000201231234567890154 LU280019400644750000 TR330006100519786457841326
    RO49AAAA1B31007593840000 MT84MALT011000012345MTLCAST001S
    """
)
"""Account numbers of the IBAN registry's and of encyclopaedias' examples."""
EXAMPLE_IDS: Final = _listed(
    """
    12345678Z 00000000T 11111111H X1234567L 131052308T RSSMRA80A01H501U
    """
)
"""National identifiers that forms and manuals print."""

"""How likely bytes are as a language in an encoding: by how often each character is written in that language.

A unigram model for each language, its characters listed from the most to the least frequent with Zipf's weights
(1 / (rank + 5)). The same bytes are weighed whole in every encoding, so that one-byte and two-byte encodings compare.
Li and Momoi, "A composite approach to language/encoding detection" (2001), call this the character distribution method.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

_KOREAN = (
    "이다는에의을가고하지한로은도를사기대자어인리나시아정수일그서해제부라보원공성구니전주상선들과장스조국동있"
    "으문소경우세개신방연요여유마음비면연진안적관위오용중거미명분계무생산치학되만통있었했것년월회차발르화당모출"
    "트현행드간내실식교역러물노재물업호영달배특입바금립법군약권설양심할후저레초두외체습청건란민절력날려속작본품점"
    "단결터백와와없던같많및증합종운더반불천표남북평등처준타디말카파키질독급포강박또돌열술태복확살감데새환울메편접"
    "록목각령변토활직류근석의순련손베격티송광번김최길임워머크프럼좋늘않맞받알야누너네형왕총투피팀승책참집별규허류"
    "된될됩습까께때땅떤떻씨씀쓰랑며고서로써즉삼육칠팔구십억원명층축측침판품필항향험협혼휴흥희높녀농능닌님덕덩던"
    "델랜량론루룹른름릭린릴링막맥먼몬못몇믿밀및밖밤벌범베벨벽병봄봉북빛빨뿐색샤서석션셔셜소쇼숙슈슬승싸싱씩악압"
    "앞액얼업에엔엘예옥온올완왔외욕움웃원웨윤율응읽잃잘잡잠족죄죽줄즈즐짜째쪽찰창채척첫추출충취층친칙콘콜쿠클킨탁"
    "탈탑택털텔템톤퍼펴폐폴풀풍플픈픽학핵핸햇헌혁혈홍획횡효훈휘흐힘넘넣놓눈느늦닫담답닷댓돈될둘뒤든듯따떠뜨뜻락"
)
_KANA = (
    "のいるにとしたてをはがなれかさこりっんでらもまうすくあきけよ、。つそだせちめわろおみひどじえばやふびほへねぬむげ"
    "ごぞずざべぼぶゆょゃゅ「」・ーンスルトラリイクアッドシレジロタフテカプコバムサマキグデメニュエナィチオパウセツビハミ"
    "ネソブノボモポヤケベホィェォァョャガギゴダゲザゼペピワヨユヘヒヌぐぎぱぴぷぺぽ"
)
_KANJI = (
    "日人年大一本国会中出上行生事者時間分社学法地方同東京場市田後自今部長小高的名前代実見新山下手金入第回業定月目文合"
    "内理力作成表性動物理使用発主関対決要開通数有利当不全度取多体明在別化経産合機設最入点連制私政員民電話気水木車家"
    "語何意味約安書面食世界外所女子海道立原北南西正平教育電報番号品件送受込以次期必設計保情報加進書確認変更会員円"
    "株式県区町村都二三四五六七八九十百千万億問題答記録店名前住所価格料金説明注文検索使方法結果場合項目仕様"
    "思言持知彼来行聞待始終止動働買売読書話着起重軽強弱早速遅遠近広長短古新若好美空天雨風花春夏秋冬朝昼夜午後"
    "相調信議軍権力第選戦争治初野球曲活島館駅線院科心解術形少義引参世無特運命組色声形流夫昭和平成令元"
)
_SIMPLIFIED = (
    "的一，。是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么"
    "心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长、知民样现分将"
    "外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四"
    "第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华"
    "报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象"
    "记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队"
    "跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基"
    "派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿"
    "网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切乎晚术般节县约费规标备密号码系统订价格购店客户邮箱址"
)
_TRADITIONAL = (
    "的一，。是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼"
    "心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長、知民樣現分將"
    "外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向情部正名定女問力機給等幾很業最間新什打便位因重被走電四"
    "第門相次東政海口使教西再平真聽世氣信北少關並內加化由卻代軍產入先山五太水萬市眼體別處總才場師書比住員九笑性通目華"
    "報立馬命張活難神數件安表原車白應路期叫死常提感金何更反合放做系計或司利受光王果親界及今京務制解各任至清物台象"
    "記邊共風戰干接它許八特覺望直服毛林題建南度統色字請交愛讓認算論百吃義科怎元社術結六功指思非流每青管夫連遠資隊"
    "跟帶花快條院變聯言權往展該領傳近留紅治決週保達辦運武半候七必城父強步完革深區即求品士轉量空甚眾技輕程告江語英基"
    "派滿式李息寫呢識極令黃德收臉錢黨倒未持取設始版雙歷越史商千片容研像找友孩站廣改議形委早房音火際則首單據導影失拿"
    "網香似斯專石若兵弟誰校讀志飛觀爭究包組造落視濟喜離雖壞興切乎晚般節縣約費規標備密號碼系統訂價格購店客戶郵箱址臺灣"
)
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_GREEK = "αοιετσνηρπκμλςυδίγόθάέωχήφύβώξζψΐϋ"
_HEBREW = "יוהלאתרבשנמםדקעחפטסןגזצכךףץ"
_ARABIC = "اليمنوترهبدسفعكقحةجشخطصىأضزثئذظغءإآؤ،؟"
_THAI = "านรกอเงมยวลด่้ทสตะปบคหแ็ขจพชผใไโถศัิีืุู์ณซธภญษฐฟฉฎฝๆำ"
_FRENCH = "éèàêçôîùâûëïœÉÀ"
_GERMAN = "üäößÜÖÄé"
_SPANISH = "óáíéñúü¿¡ç"
_PORTUGUESE = "ãçáéõíóêúâàôü"
_NORDIC = "åäöøæéðþáíý"
_ITALIAN = "èàùòìé"
_CZECH = "áíéěčřšžýůúóťďňôäľĺŕ"
_POLISH = "ęąłóśżćńź"
_HUNGARIAN = "áéöóőüíúű"
_ROMANIAN = "ăîâşţșțÎÂ"
_SOUTH_SLAVIC = "čšžćđ"
_TURKISH = "ıüşğöçİâîûÜŞÖÇ"
_BALTIC = "āėšīžēųčąūņęļįķģõäöü"
_MARKS = "“”’–‘—…«»•·°§€£©®™¡¿½²³ºª±×µ¼¾\xa0„‚№"
_WIDE_MARKS = "　（）：；！？“”‘’…—～「」『』【】〈〉《》·ㆍ○●◆■□△▲→※℃％１２３４５６７８９０"

_ASCII = math.log(1 / 40)
"""Of any ASCII character: what an encoding saves by taking one for the second half of a character."""
_UNKNOWN = -14.0
"""Of a character that the language does not have, or of bytes that are none."""
_JUNCTION = -3.0
"""More for two letters side by side that seldom are so."""
_OTHER_SCRIPT = re.compile(
    r"[a-zA-Z](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=[a-zA-Z])|(?<![^\W\d_])[^\W\d_a-zA-Z](?![^\W\d_])"
)
_ACCENTS_TOGETHER = re.compile(
    r"[^\x00-\x7f](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=\d)|(?<=\d)[^\W\d_a-zA-Z]"
    r"|(?<![^\W\d_])[^\W\d_a-zA-ZàáéèóòùÀÁÉÈÓ](?![^\W\d_])"
)
_CAPITAL_INSIDE = re.compile(r"[a-zß-öø-ÿĀ-žа-яёα-ω](?=[À-ÖØ-ÞА-ЯЁΑ-Ω])|[ß-öø-ÿąćęłńóśźżα-ωа-я](?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Language:
    """Characters from the most to the least frequent. `others` (an encoding) has those that are written seldom."""

    characters: str
    others: str | None = None
    share_of_others: float = 0.0
    is_latin: bool = False

    def likelihood(self, text: str) -> float:
        """The natural logarithm of how likely `text` is, zero or less. ASCII characters all weigh the same."""
        counts = Counter(text)
        ascii_count = sum(counts.pop(character) for character in [each for each in counts if each.isascii()])
        weights = _weights(self)
        total = ascii_count * _ASCII + sum(n * weights.get(character, _UNKNOWN) for character, n in counts.items())
        if self.others is not None:
            return total
        odd = _ACCENTS_TOGETHER if self.is_latin else _OTHER_SCRIPT
        return total + _JUNCTION * (len(odd.findall(text)) + len(_CAPITAL_INSIDE.findall(text)))


@cache
def _weights(language: Language) -> dict[str, float]:
    """The logarithm of each character's share among all that are not ASCII."""
    others = _others(language.others) if language.others else ""
    marks = _WIDE_MARKS if language.others else _MARKS
    weights = {character: math.log(language.share_of_others / len(others)) for character in others}
    ranked = list(dict.fromkeys(language.characters))
    whole = sum(1 / (rank + 5) for rank in range(len(ranked)))
    left = 1 - language.share_of_others - _SHARE_OF_MARKS
    for rank, character in enumerate(ranked):
        share = left / (rank + 5) / whole
        if character.upper() != character and len(character.upper()) == 1:
            weights.setdefault(character.upper(), math.log(share * _SHARE_OF_CAPITALS))
        weights[character] = math.log(share)
    for mark in marks:
        weights.setdefault(mark, math.log(_SHARE_OF_MARKS / len(marks)))
    return weights


def _others(encoding: str) -> str:
    """All characters of a two-byte encoding's everyday part."""
    first, last = _EVERYDAY[encoding]
    pairs = (bytes((lead, trail)) for lead in range(first, last + 1) for trail in range(0x40, 0xFF))
    return "".join(pair.decode(encoding, "ignore") for pair in pairs)


_SHARE_OF_MARKS = 0.08
_SHARE_OF_CAPITALS = 0.08
_EVERYDAY = {"euc_kr": (0xB0, 0xFD), "shift_jis": (0x88, 0x97), "gb2312": (0xB0, 0xF7), "big5": (0xA4, 0xC6)}
"""Lead bytes of Hangul and hanja, of the first level of kanji, of all hanzi, and of the first level of those."""


def _latin(*alphabets: str) -> tuple[Language, ...]:
    return tuple(Language(characters, is_latin=True) for characters in alphabets)


_KOREAN_LANGUAGE = Language(_KOREAN, "euc_kr", 0.06)
_JAPANESE_LANGUAGE = Language(_KANA + _KANJI, "shift_jis", 0.12)
_CYRILLIC_LANGUAGE = Language(_CYRILLIC)
_CENTRAL_LANGUAGES = _latin(_CZECH, _POLISH, _HUNGARIAN, _ROMANIAN, _SOUTH_SLAVIC)

CANDIDATES: tuple[tuple[str, tuple[Language, ...], float], ...] = (
    ("cp949", (_KOREAN_LANGUAGE,), 0.0),
    ("johab", (_KOREAN_LANGUAGE,), -2.0),
    ("cp932", (_JAPANESE_LANGUAGE,), 0.0),
    ("euc_jp", (_JAPANESE_LANGUAGE,), 0.0),
    ("gb18030", (Language(_SIMPLIFIED, "gb2312", 0.15),), 0.0),
    ("big5hkscs", (Language(_TRADITIONAL, "big5", 0.15),), 0.0),
    ("cp1252", _latin(_FRENCH, _GERMAN, _SPANISH, _PORTUGUESE, _NORDIC, _ITALIAN), 0.0),
    ("cp1251", (_CYRILLIC_LANGUAGE,), 0.0),
    ("koi8_r", (_CYRILLIC_LANGUAGE,), -1.0),
    ("koi8_u", (_CYRILLIC_LANGUAGE,), -2.0),
    ("iso8859_5", (_CYRILLIC_LANGUAGE,), -4.0),
    ("cp866", (_CYRILLIC_LANGUAGE,), -4.0),
    ("cp855", (_CYRILLIC_LANGUAGE,), -5.0),
    ("mac_cyrillic", (_CYRILLIC_LANGUAGE,), -5.0),
    ("cp1250", _CENTRAL_LANGUAGES, -1.0),
    ("iso8859_2", _CENTRAL_LANGUAGES, -1.5),
    ("cp1253", (Language(_GREEK),), -2.0),
    ("cp1254", _latin(_TURKISH), -1.0),
    ("cp1255", (Language(_HEBREW),), -3.0),
    ("cp1256", (Language(_ARABIC),), -2.0),
    ("iso8859_6", (Language(_ARABIC),), -5.0),
    ("cp1257", _latin(_BALTIC), -3.0),
    ("cp874", (Language(_THAI),), -2.0),
    ("cp437", _latin(_FRENCH, _GERMAN, _SPANISH), -5.0),
)
"""Encodings, the languages each is weighed as, and how much rarer it is than the others (a logarithm). Of two that are
as likely the first is taken."""


def likeliest(sample: bytes) -> tuple[str, float] | None:
    """The encoding in which `sample` reads best, and the mean likelihood of each of its characters past ASCII.

    None where it has none.
    """
    found = []
    for encoding, languages, prior in CANDIDATES:
        text = sample.decode(encoding, "replace")
        foreign = sum(not character.isascii() for character in text)
        if foreign:
            whole = max(language.likelihood(text) for language in languages) + prior
            found.append((whole, (whole - (len(text) - foreign) * _ASCII) / foreign, encoding))
    if not found:
        return None
    best = max(found, key=lambda each: each[0])
    return best[2], best[1]

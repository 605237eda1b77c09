"""Words, names and places for generated texts without a corpus, and addresses for those with one."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """Split a text into its words."""
    return text.split()


COMMON = words(
    """
    the of and to in a is that was it for on are with as his they be at one have this from or had by hot but some
    what there we can out other were all your when up use word how said an each she which do their time if will way
    about many then them would write like so these her long make thing see him two has look more day could go come
    did my sound no most number who over know water than call first people may down side been now find any new work
    part take get place made live where after back little only round man year came show every good me give our under
    name very through just form much great think say help low line before turn cause same mean differ move right boy
    old too does tell sentence set three want air well also play small end put home read hand port large spell add
    even land here must big high such follow act why ask men change went light kind off need house picture try us
    again animal point mother world near build self earth father head stand own page should country found answer
    school grow study still learn plant cover food sun four thought let keep eye never last door between city tree
    cross since hard start might story saw far sea draw left late run while press close night real life few stop
    open seem together next white children begin got walk example ease paper often always music those both mark book
    letter until mile river car feet care second group carry took rain eat room friend began idea fish mountain
    north once base hear horse cut sure watch color face wood main enough plain girl usual young ready above ever
    red list though feel talk bird soon body dog family direct pose leave song measure state product black short
    numeral class wind question happen complete ship area half rock order fire south problem piece told knew pass
    farm top whole king size heard best hour better true during hundred remember step early hold west ground
    interest reach fast five sing listen six table travel less morning ten simple several vowel toward war lay
    against pattern slow center love person money serve appear road map science rule govern pull cold notice voice
    fall power town fine certain fly unit lead cry dark machine note wait plan figure star box noun field rest
    correct able pound done beauty drive stood contain front teach week final gave green quick develop sleep warm
    free minute strong special mind behind clear tail produce fact street inch nothing course stay wheel full force
    blue object decide surface deep moon island foot yet busy test record boat common gold possible plane age dry
    wonder laugh thousand ago ran check game shape yes miss brought heat snow bed bring sit perhaps fill east weight
    language among quiz jazz fix zero zone lazy amazing exact excuse taxi oxygen relax expect queen quite quiet
    quality equal require unique jump joy major project justice journey vivid vary value vast wax yellow yield youth
    zigzag size prize puzzle buzz azure
    """
)

FIRST = words(
    """
    Alice Amy Anna Arthur Beatrice Benjamin Catherine Charles Charlotte Clara Daniel David Dorothy Edith Edward
    Eleanor Elizabeth Emily Eva Francis Frank Frederick George Grace Hannah Harold Harriet Helen Henry Herbert Hugo
    Ian Irene Isaac Isabel Ivy Jack James Jane John Joseph Julia Karen Katherine Kurt Laura Leo Leonard Louisa Lucy
    Margaret Maria Martha Mary Max Michael Nancy Nathan Nora Oliver Oscar Olga Patrick Paul Peter Philip Quentin
    Rachel Ralph Richard Robert Rosa Ruth Samuel Sarah Simon Sophia Stella Stephen Susan Thomas Ursula Victor
    Vincent Violet Walter William Xavier Yvonne Zoe Zachary
    """
)

LAST = words(
    """
    Adams Anderson Baker Barnes Bennett Brown Butler Campbell Carter Clark Collins Cooper Cox Davies Dixon Edwards
    Evans Fisher Fox Foster Gibson Graham Gray Green Hall Harris Hughes Hunt Jackson James Jenkins Johnson Jones
    Kelly Kennedy King Knight Lawrence Lee Lewis Lloyd MacDonald Marshall Martin Mason McKenzie Miller Mitchell
    Moore Morgan Morris Murphy Murray Nelson Newman Norris O'Brien O'Connor O'Neill Owen Palmer Parker Phillips
    Powell Price Quinn Reed Reynolds Richards Roberts Robinson Rogers Rose Russell Scott Shaw Simpson Smith Stevens
    Stewart Taylor Thompson Turner Underwood Vaughan Walker Walsh Ward Watson Webb White Wilkinson Williams Wilson
    Wood Wright Xu Young Zimmerman
    """
)

STREETS = words(
    """
    High Church Park Mill Station London Queen's King's Victoria York Albert Bridge Chapel New North South West East
    Grove Manor School Spring Green Oak Elm Castle Market Water Garden Hill Cross Vine Quay Zion
    """
)
ROADS = words("Street St. Road Rd. Lane Avenue Ave. Close Drive Square Gardens Terrace Place Row Way Hill Court")
TOWNS = words(
    """
    London Oxford Cambridge York Bath Bristol Leeds Exeter Durham Norwich Lincoln Chester Dublin Belfast Cardiff
    Edinburgh Glasgow Aberdeen Inverness Zurich Vienna Berlin Paris Geneva Boston Chicago Denver Houston Kansas
    Quebec Ottawa Sydney Wellington Jersey Kew Ipswich Upton Xenia
    """
)
MONTHS = words("January February March April May June July August September October November December")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
TITLES = words("Mr. Mrs. Miss Ms. Dr. Prof. Sir Lady Lord Rev. Mr Mrs Dr")
UNITS = words("km kg g cm mm m l ml ft. in. lb. oz. miles yards tons hours days years per cent degrees")

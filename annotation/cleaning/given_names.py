"""Given names that are common where English, German, French, Spanish, Italian, Portuguese and Dutch are spoken, and
names frequent among the people who live there. Written by hand; lower case, without accents.
"""

from __future__ import annotations

from annotation.cleaning.word_lists import words

FEMALE = frozenset(
    words("""
aaliyah abigail ada adele adriana agnes aisha alejandra alessandra alexandra alice alicia alison allison
amanda amber amelia amina amy ana andrea angela angelica anita anna anne annette antonia anya aoife ariana
ashley astrid audrey barbara beatrice beatriz becky berta bertha beth bethany betty beverly bianca birgit
bonnie brenda bridget brigitte brittany camila camille candace carla carmen carol carole caroline carolyn
cassandra catherine cecilia celeste charlotte cheryl chiara chloe christina christine cindy claire clara
claudia colleen connie constance consuelo courtney crystal cynthia daniela danielle deborah debra delia
delores denise diana diane dolores dominique donna dora doris dorothy dorota ebony edith eileen elaine
eleanor elena elisa elizabeth ella ellen elsa emilia emily emma erica erika erin esmeralda esperanza estelle
esther ethel eva evelyn fatima felicia fiona florence folasade frances francesca francine frieda gabriela
gail geneva genevieve georgina geraldine gertrude gina gisela giulia gladys glenda gloria greta gretchen
guadalupe gwen gwendolyn hannah heather heidi helen helena helga henrietta hilda ida imani ines ingrid irene
irina iris irma isabel isabella isabelle jacqueline jamila jane janet janice jasmine jeanette jeanne
jennifer jenny jessica jill joan joanna joanne jocelyn josefina josephine joyce juana juanita judith judy
julia juliana julie juliet karen karin karla kate katherine kathleen kathryn kathy katie katrina kayla
keisha kelly kendra kimberly kirsten krista kristen kristin kristina krystal latasha latoya laura lauren
laverne lea leah leila lena leona leslie leticia lillian lina linda lisa liza lois loretta lori lorraine
louisa louise lucia lucille lucinda lucy luisa luz lydia lynn mabel madeleine madeline madison magdalena
maggie maite mandy manuela marcia margaret margarita margot maria mariana marianne marie marilyn marina
marion marisol marjorie marlene marta martha martina mary matilda maureen maxine meena megan melanie melinda
melissa mercedes meredith michelle mildred mina miranda miriam moira molly monica monika monique muriel myra
nadia nadine naomi natalia natalie natasha nicola nicole nina noemi nora noreen norma olga olivia olympia
ophelia paige pamela paola patricia paula pauline penelope petra philippa phyllis pilar polly priscilla
priya rachel ramona raquel rebecca regina renata renee rhonda rita roberta rocio rosa rosalie rosalind
rosalinda rosalyn rosanna rosemary roxanne ruby ruth sabine sabrina sally samantha sandra sara sarah saskia
selina selma serena shannon shanice sharon sheila shelby shelley sherry shirley sigrid silvia simone sofia
sondra sonia sophia sophie stacey stacy stella stephanie sue susan susana susanna susanne suzanne svetlana
sybil sylvia tabitha tamara tameka tammy tanya tara tatiana teresa tess thea thelma theresa tiffany tina
tonya tracy tricia trudy ulrike ursula valentina valeria valerie vanessa vera veronica vicky victoria vivian
wanda wendy whitney wilhelmina wilma winifred xiomara yasmin yesenia yolanda yvette yvonne zainab zoe""")
)
MALE = frozenset(
    words("""
aaron abdul abdullah abel abraham adam adrian ahmad ahmed alan albert alberto alec alejandro alessandro alex
alexander alfred alfredo ali alistair allan allen alonzo alvaro alvin amir anders andre andreas andres
andrew andy angelo angus anthony antoine anton antonio archibald armando arnold arthur arturo ashok barry
bartholomew ben benedict benjamin bernard bernd bernhard bert bobby boris brad bradley brandon brendan brent
brett brian bruce bruno bryan byron calvin cameron carl carlo carlos carlton cedric cesar charles charlie
christian christoph christopher clarence claude clayton clifford clifton clyde colin conrad cornelius craig
curtis cyril dale damian damon dan daniel danny darius darnell darrell darren dave david deandre dean dennis
derek dermot deshawn desmond devon dexter diego dieter dimitri dirk dmitri dominic donald donovan doug
douglas duane duncan dustin dwayne dwight earl eberhard eddie edgar edmund eduardo edward edwin eli elias
elijah elliot elmer emanuel emil emilio emmanuel enrique eric erich erik ernest ernesto esteban ethan eugene
evan fabian fabio felipe felix fernando floyd francesco francis francisco francois frankie franz fred
frederic frederick friedrich fritz gabriel gareth garrett gary gavin gene geoffrey george gerald gerard
gerardo gerhard gilbert giles giorgio giovanni glenn gordon graham greg gregory guido guillermo gunther
gustav gustavo guy hakeem hamza hans harish harold harry harvey hassan hector heinrich heinz helmut hendrik
henri henrik henry herbert herman hiroshi horace horst howard hubert hugh hugo humberto hussein ian ibrahim
ignacio igor isaac isaiah ismael ivan jack jackson jacob jacques jaime jake jakob jamal james jamie jan
jared jason javier jay jean jeff jeffrey jens jeremiah jeremy jermaine jerome jerry jesse jesus jim jimmy
joachim joao joaquin joe joel johan johann john johnny jon jonas jonathan jorge jose josef joseph joshua
juan julian julio jurgen kareem karl keith kelvin kendrick kenneth kenny kevin khalid klaus konrad kurt
kwame kyle lamar larry lars laurence lawrence lee leif leo leon leonard leonardo leopold leroy lester levi
lewis liam lionel lloyd lonnie lorenzo louis luca lucas luigi luis lukas luke luther magnus malcolm malik
manfred manuel marcel marcelo marco marcos marcus mario marius marlon marshawn martin marvin matteo matthew
matthias maurice mauricio max maximilian maxwell melvin michael michel miguel mike mikhail milton mitchell
mohamed mohammed morris moses muhammad murray mustafa nathan nathaniel ned neil nelson neville nicholas nick
nicolas nigel noah noel norbert norman oleg oliver omar orlando oscar osvaldo otto owen pablo paolo pascal
patrick patrizio paul pavel pawel pedro percy pete peter phil philip philippe pierre pieter preston quentin
rafael rainer rajesh ralph ramon randall randolph randy raoul rashad raul ravi ray raymond reggie reginald
reinhard rene reuben ricardo richard rick ricky rigoberto robert roberto rodney rodrigo roger roland rolf
roman ronald ronnie rory ross roy ruben rudolf rufus rupert russell ryan salvador sam samir samuel santiago
scott sean sebastian sergei sergio seth shane shaun shawn sidney siegfried simon skip stanley stavros stefan
stephen steve steven stewart stuart suresh sven tariq ted terence terrance terrence terry theo theodore
thierry thomas tim timothy tobias todd tom tomas tomasz tommy tony travis trevor tyler tyrone ulrich umberto
uwe vernon victor vikram vincent vincenzo viktor vladimir wallace walter warren wayne wendell wesley wilfred
wilhelm willem william willie winston wolfgang xavier yusuf zachary""")
)
# Given names that are as often another word, a place or a month: alone they are no person.
UNSURE = frozenset(
    words("""
abel allen amber april art ashley august austin bill blake brandon brook carol chance chase christian clay
clayton conrad cooper crystal dale dallas dean dolores don drew earl earnest eve faith florence forest frank
gene geneva georgia glen grace grant guy harmony harry hope houston hunter iris ivy jack jackson jan jay
jean jordan joy june lance lane lee liberty lily lincoln london luz madison marina mark marshall mason max
maxwell may melody mercedes mercy miles milton misty montana nelson nick norman olympia page paige paris
patience patsy pat paris pearl penny pierce preston ray reed regina rich rob robin rocky roman rose ruby
rusty sandy sharon shelby sidney skip sky sol sonny stella sterling stone sue summer sydney ted theo todd
tony tracy trinity van victor victoria vienna virginia wade ward warren wayne wells will willow wood""")
)
GIVEN = FEMALE | MALE | UNSURE
